import { expect, test } from 'vitest'
import { FAULT_GROUPS, FAULT_KINDS, groupOf, planFaults, type Targets } from './faults.ts'

const processes = ['broker', 'collector', 'gpu', 'mining']
const TARGETS: Targets = {
  kill: processes,
  restart: processes,
  swap: ['mining', 'gpu'],
  pause: [...processes, 'simulator'],
  reload: ['collector', 'gpu'],
  cut: ['collector', 'gpu'],
  stall: ['collector', 'gpu'],
  slow: ['collector', 'gpu'],
  fill: ['gpu'],
  step: ['gpu'],
  reset: ['simulator'],
  leap: ['gpu', 'collector'],
  restore: ['mining', 'gpu'],
  copy: ['mining', 'gpu'],
  choke: ['collector'],
  freeze: ['collector'],
  away: ['influx'],
  empty: ['influx'],
  tear: ['collector'],
  mute: ['collector', 'gpu'],
  twin: ['mining', 'gpu'],
  rival: ['collector'],
  assail: ['broker'],
}
const END_MS = 3_600_000

test('the same seed plans the same faults, another seed others', () => {
  const plan = planFaults(7, TARGETS, END_MS, 6_000)
  expect(planFaults(7, TARGETS, END_MS, 6_000)).toEqual(plan)
  expect(planFaults(8, TARGETS, END_MS, 6_000)).not.toEqual(plan)
})

test('every kind strikes every target that it can, and all are over in the end', () => {
  const plan = planFaults(1, TARGETS, END_MS, 6_000)
  const struck = new Set(plan.map((f) => `${f.kind} ${f.target}`))
  expect([...struck].sort()).toEqual(FAULT_KINDS.flatMap((k) => TARGETS[k].map((t) => `${k} ${t}`)).sort())
  expect(plan.filter((f) => f.atMs + f.lastsMs > END_MS + 1)).toEqual([])
})

test('one process, one link, one disk and one clock suffers one fault at a time', () => {
  const ends = ['reset', 'restore', 'copy', 'freeze', 'away', 'empty', 'tear', 'twin', 'rival']
  const sides = [
    ['kill', 'restart', 'swap', 'pause', 'reload', ...ends],
    ['cut', 'stall', 'slow', 'mute', 'rival'],
    ['fill', 'choke', 'freeze', 'tear'],
    ['step', 'leap'],
  ]
  const plan = planFaults(3, TARGETS, END_MS, 2_000)
  for (const side of sides)
    for (const target of [...processes, 'simulator', 'influx']) {
      const own = plan.filter((f) => side.includes(f.kind) && f.target === target)
      const overlapping = own.filter(
        (f, i) => i > 0 && f.atMs < (own[i - 1]?.atMs ?? 0) + (own[i - 1]?.lastsMs ?? 0),
      )
      expect(overlapping).toEqual([])
    }
})

test('a run may name its groups of faults: no other strikes', () => {
  for (const group of FAULT_GROUPS) {
    const plan = planFaults(1, TARGETS, END_MS, 6_000, [group])
    expect(plan.length).toBeGreaterThan(0)
    expect([...new Set(plan.map(({ kind }) => groupOf(kind)))]).toEqual([group])
  }
})

test('plans nothing that cannot be done here: no clock and no disk, no such fault', () => {
  const plan = planFaults(1, { ...TARGETS, fill: [], step: [] }, END_MS, 6_000)
  expect(plan.some((f) => f.kind === 'fill' || f.kind === 'step')).toBe(false)
})
