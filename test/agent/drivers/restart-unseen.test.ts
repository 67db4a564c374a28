import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import { HASHES_PER_DIFF1 } from '../../../protocol/units.ts'
import { sessionWith, startAnyMachine } from '../any-machine.ts'
import { edited, soon } from '../asic-harness.ts'
import { T0 } from '../metering/accumulator-rig.ts'
import { inventedMachines } from '../recorded-machines.ts'

const POLL_S = 10
const POLLS = 30
/** The pools are refused at these polls; the machine restarts between the 12th and the 13th. */
const isRefused = (poll: number): boolean => poll >= 4 && poll <= 14
const RESTART = 13

let nowMs = 0
beforeAll(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
})
afterAll(() => {
  vi.restoreAllMocks()
})

/** Recorded machines that hash, count their work on the cgminer port, and tell their uptime there. */
const machines = inventedMachines().filter(
  ({ name, answers }) =>
    !name.endsWith('asleep') &&
    /"Difficulty Accepted"/.test(answers['pools'] ?? '') &&
    /"Elapsed"/.test(answers['summary'] ?? ''),
)

/** What is paid over the polls, and what the machine hashed until its last one, in difficulty-1 shares. */
async function paidOf({ driver, answers }: (typeof machines)[number]) {
  const machine = await startAnyMachine(answers)
  const first = sessionWith(driver, machine, false)
  const [recorded] = await first.read(soon())
  const { hashrateHs: hs = 0 } = recorded?.sample ?? {}
  first.close?.()
  const session = sessionWith(driver, machine, false)
  const accumulator = new DeviceAccumulator('m1', 3 * POLL_S * 1000)
  try {
    for (let poll = 0; poll <= POLLS; poll++) {
      nowMs = poll * POLL_S * 1000
      const upS = poll < RESTART ? 50_000 + poll * POLL_S : (poll - RESTART) * POLL_S + 1
      const workS = poll < RESTART ? upS : upS - 1
      const told = edited(
        edited(answers, 'summary', 'SUMMARY', () => ({ Elapsed: upS })),
        'pools',
        'POOLS',
        (_row, i) => ({ 'Difficulty Accepted': i === 0 ? Math.round((hs * workS) / HASHES_PER_DIFF1) : 0 }),
      )
      const { pools, ...others } = Object.fromEntries(
        Object.entries(told).map(([name, text]) => [
          name,
          text.replace(/"Elapsed"\s*:\s*\d+/g, `"Elapsed":${upS}`),
        ]),
      )
      machine.answers = isRefused(poll) || !pools ? others : { ...others, pools }
      const [reading] = await session.read(soon())
      if (!reading) throw new Error('the driver gave no reading')
      accumulator.observe(reading, { wallMs: T0 + nowMs, steadyMs: nowMs })
    }
  } finally {
    session.close?.()
    await machine.close()
  }
  const records = accumulator.closeAll()
  return {
    counted: records.reduce((sum, r) => sum + (r.workDiff1 ?? 0), 0),
    estimated: records.reduce((sum, r) => sum + (r.estimatedWorkDiff1 ?? 0), 0),
    perPoll: (hs * POLL_S) / HASHES_PER_DIFF1,
  }
}

describe('the work of a machine that restarts while its pools are refused is paid, and once', () => {
  test('there are such machines', () => expect(machines.length).toBeGreaterThan(3))

  test.each(machines)('$name', async (machine) => {
    const { counted, estimated, perPoll } = await paidOf(machine)
    // the polls between the last counter before the restart and that
    const unseen = RESTART - 3
    expect((counted + estimated) / perPoll).toBeCloseTo(POLLS, 0)
    // another interface that tells its pools without their work has it estimated until the counter is used again
    expect(estimated / perPoll).toBeGreaterThan(unseen - 0.5)
    expect(estimated / perPoll).toBeLessThan(unseen + 1.5)
  })
})
