import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import { HASHES_PER_DIFF1 } from '../../../protocol/units.ts'
import { sessionWith, startAnyMachine } from '../any-machine.ts'
import { edited, soon } from '../asic-harness.ts'
import { T0 } from '../metering/accumulator-rig.ts'
import { inventedMachines } from '../recorded-machines.ts'

const POLL_S = 5

let nowMs = 0
beforeAll(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
})
afterAll(() => {
  vi.restoreAllMocks()
})

/** One that tells no id, and one of which both tell the same (copied firmware, or a control board's default). */
const machines = inventedMachines().filter(({ name }) => ['luxos-s19jpro', 'cgminer-unknown'].includes(name))

/** Which machine answers at a poll: how long it has been up at the first poll, and its counter then. */
type Who = { upS: number; workDiff1: number }
const LONG: Who = { upS: 9000, workDiff1: 5e6 }
const SHORT: Who = { upS: 4000, workDiff1: 1e6 }

/** What is booked over the polls, in parts of what one machine hashes meanwhile, and every fault. */
async function booked(
  { driver, answers }: (typeof machines)[number],
  polls: number,
  who: (poll: number) => Who,
) {
  const machine = await startAnyMachine(answers)
  const first = sessionWith(driver, machine, false)
  const [recorded] = await first.read(soon())
  const { hashrateHs: hs = 0 } = recorded?.sample ?? {}
  first.close?.()
  const session = sessionWith(driver, machine, false)
  const accumulator = new DeviceAccumulator('m1', 3 * POLL_S * 1000)
  const faults = new Set<string>()
  try {
    for (let poll = 0; poll <= polls; poll++) {
      nowMs = poll * POLL_S * 1000
      const { upS, workDiff1 } = who(poll)
      const work = Math.round(workDiff1 + (hs * poll * POLL_S) / HASHES_PER_DIFF1)
      const told = edited(answers, 'pools', 'POOLS', (_row, i) => ({
        'Difficulty Accepted': i === 0 ? work : 0,
      }))
      machine.answers = Object.fromEntries(
        Object.entries(told).map(([name, text]) => [
          name,
          text.replace(/"Elapsed"\s*:\s*\d+/g, `"Elapsed":${upS + poll * POLL_S}`),
        ]),
      )
      const [reading] = await session.read(soon())
      if (!reading) throw new Error('the driver gave no reading')
      for (const fault of reading.sample.faults ?? []) faults.add(fault)
      accumulator.observe(reading, { wallMs: T0 + nowMs, steadyMs: nowMs })
    }
  } finally {
    session.close?.()
    await machine.close()
  }
  const records = accumulator.closeAll()
  const sum = records.reduce((all, r) => all + (r.workDiff1 ?? 0) + (r.estimatedWorkDiff1 ?? 0), 0)
  return { part: sum / ((hs * polls * POLL_S) / HASHES_PER_DIFF1), faults: [...faults].join('\n') }
}

describe('two machines without ids of their own at one address', () => {
  test.each(machines)('that answer in turn are told, and are paid as one: $name', async (machine) => {
    const { part, faults } = await booked(machine, 120, (poll) => (Math.floor(poll / 4) % 2 ? SHORT : LONG))
    expect(part).toBeGreaterThan(0.9)
    expect(part).toBeLessThan(1.1)
    expect(faults).toContain('two machines answer at this address in turn')
  })

  test.each(machines)(
    'of which one takes the place of the other book nothing of its past: $name',
    async (machine) => {
      for (const [before, after] of [
        [LONG, SHORT],
        [SHORT, LONG],
      ] as const) {
        const { part, faults } = await booked(machine, 60, (poll) => (poll < 30 ? before : after))
        expect(part).toBeGreaterThan(0.9)
        expect(part).toBeLessThan(1.1)
        expect(faults).toContain('another machine answers at this address')
        expect(faults).not.toContain('two machines')
      }
    },
  )

  test.each(machines)('are not suspected where one machine starts again: $name', async (machine) => {
    const again = { upS: 1 - 30 * POLL_S, workDiff1: 0 }
    const { faults } = await booked(machine, 60, (poll) => (poll < 30 ? LONG : again))
    expect(faults).not.toContain('another machine')
  })
})
