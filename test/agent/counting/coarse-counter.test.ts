import { describe, expect, it } from 'vitest'
import { CoarseCounter } from '../../../agent/counting/coarse-counter.ts'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'

const TENTH_KWH_J = 360_000
const START_MS = 1_790_000_040_000

/** Polls a meter each 10 s while it draws `powerW`, and returns the energy of each record, J. */
function minutesOf(powerW: number, seconds: number, shown: (energyJ: number) => number, resolutionJ: number) {
  const counter = new CoarseCounter(resolutionJ)
  const meter = new DeviceAccumulator('pdu-1/outlet1', 120_000)
  for (let s = 0; s <= seconds; s += 10) {
    const energyJ = counter.read(shown(powerW * s))
    meter.observe(
      {
        identity: { kind: 'meter' },
        sample: { state: 'ok', powerW, powerBasis: 'metered' },
        ...(energyJ !== undefined && { counters: { energyJ } }),
      },
      { wallMs: START_MS + s * 1000, steadyMs: s * 1000 },
    )
  }
  return meter.closeAll().map((r) => (r.energyMilliJ ?? 0) / 1000)
}
const inSteps = (energyJ: number) => Math.floor(energyJ / TENTH_KWH_J) * TENTH_KWH_J

describe('a counter in steps of 0.1 kWh', () => {
  it('gives every minute the energy that it drew, and adds up to the counter', () => {
    const minutes = minutesOf(1500, 3600, inSteps, TENTH_KWH_J)
    expect(minutes).toHaveLength(60)
    for (const energyJ of minutes) expect(Math.abs(energyJ - 90_000)).toBeLessThanOrEqual(15_000)
    expect(minutes.reduce((a, b) => a + b, 0)).toBe(inSteps(1500 * 3600))
  })

  it('corrects a power that reads too low: the counter is right in the end', () => {
    const counter = (energyJ: number) => inSteps(energyJ * 1.1)
    const total = minutesOf(1500, 36_000, counter, TENTH_KWH_J).reduce((a, b) => a + b, 0)
    expect(Math.abs(total - counter(1500 * 36_000))).toBeLessThan(TENTH_KWH_J)
  })

  it('that never moves is not used: power is integrated', () => {
    const total = minutesOf(219, 3600, () => TENTH_KWH_J, TENTH_KWH_J).reduce((a, b) => a + b, 0)
    expect(total).toBe(219 * 3600)
  })
})

it('a fine counter is reported at every reading', () => {
  const counter = new CoarseCounter(3600)
  expect([counter.read(7200), counter.read(7200), counter.read(undefined), counter.read(7200)]).toEqual([
    7200,
    7200,
    undefined,
    7200,
  ])
})
