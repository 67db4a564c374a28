import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Device } from '../../../protocol/device.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { batch, record, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'
import { OwnersRig } from './owners-rig.ts'

/** What one agent does: which minutes it reads, in which pieces it sends them, and when among its messages its inventory comes. */
const agent = fc.record({
  minutes: fc.uniqueArray(fc.nat(8), { minLength: 1, maxLength: 8 }),
  cuts: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 8 }),
  inventoryAt: fc.nat(3),
  workDiff1: fc.integer({ min: 1, max: 3_000_000 }),
  energyMilliJ: fc.integer({ min: 1, max: 2e8 }),
})
type Doing = typeof agent extends fc.Arbitrary<infer T> ? T : never
type Step = (rig: OwnersRig) => Promise<unknown>

const MAC = '02:AB:5E:00:00:0C'
const PLACES = {
  name: [{ deviceId: 'rig1' }, { deviceId: 'rig1' }],
  mac: [
    { deviceId: 'rig1', hardwareId: MAC },
    { deviceId: 'hall-7', mac: MAC },
  ],
  serial: [
    { deviceId: 'rig1', hardwareId: 'SMTJX4ABC01' },
    { deviceId: 'hall-7', hardwareId: 'smtjx4abc01' },
  ],
  address: [
    { deviceId: 'rig1', address: '10.0.3.7' },
    { deviceId: 'hall-7', address: '10.0.3.7' },
  ],
} as const

/** The messages of one agent in its order. */
function messagesOf(agentId: string, doing: Doing, place: Partial<Device> & { deviceId: string }): Step[] {
  const device: Device = { kind: 'asic', driver: 'cgminer', ...place }
  const records = doing.minutes
    .toSorted((a, b) => a - b)
    .map((m): Interval => record(m, 'rig1', { ...doing, deviceId: place.deviceId, ...amounts(doing) }))
  const steps: Step[] = []
  for (let first = 0, i = 0; first < records.length; i++) {
    const part = records.slice(first, first + (doing.cuts[i % doing.cuts.length] as number))
    const seq = first + 1
    steps.push((rig) => rig.ledger.take(batch(seq, part), agentId))
    first += part.length
  }
  steps.splice(Math.min(doing.inventoryAt, steps.length), 0, async (rig) => rig.hear(agentId, [device]))
  return steps
}
const amounts = ({ workDiff1, energyMilliJ }: Doing) => ({ workDiff1, energyMilliJ })

/** Both lists in one, each in its own order. */
function woven(a: readonly Step[], b: readonly Step[], turns: readonly boolean[]): Step[] {
  const [left, right] = [[...a], [...b]]
  const all: Step[] = []
  for (let i = 0; left.length > 0 || right.length > 0; i++) {
    const next = (turns[i % turns.length] && left.length > 0) || right.length === 0 ? left : right
    all.push(next.shift() as Step)
  }
  return all
}

async function paidFor(steps: readonly Step[], settleEvery: number, restartAt: number) {
  const store = new MemoryStore()
  let rig = await new OwnersRig(store).start()
  for (const [i, step] of steps.entries()) {
    await step(rig)
    if (i === restartAt) rig = await rig.restart()
    if (i % settleEvery === 0) await rig.ledger.settleAll()
  }
  await rig.keeper.flush()
  rig.ledger.nowMs += 5 * MINUTE_MS
  await rig.ledger.settleAll()
  await rig.stop()
  return store
}
const total = (store: MemoryStore) => {
  const { revenueNanoUsd = 0, workDiff1 = 0, energyMilliJ = 0, coveredMs = 0 } = store.sums()['mining'] ?? {}
  return { revenueNanoUsd, workDiff1, energyMilliJ, coveredMs }
}

describe('two agents that read one machine', () => {
  const run = fc.record({
    a: agent,
    b: agent,
    turns: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
    settleEvery: fc.integer({ min: 1, max: 6 }),
    restartAt: fc.nat(12),
  })

  it.each(Object.entries(PLACES))(
    'known by its %s are never paid more than one of them alone would be, in any order',
    async (_, [mine, other]) => {
      await fc.assert(
        fc.asyncProperty(run, async ({ a, b, turns, settleEvery, restartAt }) => {
          const [left, right] = [messagesOf('a', a, mine), messagesOf('b', b, other)]
          const both = total(await paidFor(woven(left, right, turns), settleEvery, restartAt))
          const alone = [
            total(await paidFor(left, settleEvery, restartAt)),
            total(await paidFor(right, settleEvery, restartAt)),
          ]
          for (const name of Object.keys(both) as (keyof typeof both)[])
            expect(both[name]).toBeLessThanOrEqual(Math.max(...alone.map((sums) => sums[name])))
          expect(alone).toContainEqual(both)
        }),
        { numRuns: 60 },
      )
    },
  )

  it('are paid each minute at most once, whenever a person gives the machine from one to the other', async () => {
    const moves = fc.array(
      fc.record({
        to: fc.constantFrom('a', 'b'),
        after: fc.nat(12),
        fromMinute: fc.option(fc.nat(8), { nil: undefined }),
      }),
      { minLength: 1, maxLength: 3 },
    )
    await fc.assert(
      fc.asyncProperty(run, moves, async ({ a, b, turns, settleEvery, restartAt }, asked) => {
        const steps = woven(messagesOf('a', a, PLACES.name[0]), messagesOf('b', b, PLACES.name[1]), turns)
        for (const { to, after, fromMinute } of asked)
          steps.splice(Math.min(after, steps.length), 0, (rig) =>
            rig
              .adopt(to, fromMinute === undefined ? {} : { fromMs: T0 + fromMinute * MINUTE_MS })
              .catch((error: Error) => expect(error.message).toContain('is put aside')),
          )
        const store = await paidFor(steps, settleEvery, restartAt)
        const minutes = store.rows.filter((r) => r.workload === 'mining').map((r) => r.minuteMs)
        expect(new Set(minutes).size).toBe(minutes.length)
      }),
      { numRuns: 60 },
    )
  })
})
