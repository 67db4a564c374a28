import { describe, expect, it } from 'vitest'
import { areaAboveJ } from '../../../agent/counting/trapezoid.ts'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import type { Counters } from '../../../agent/plugin/reading.ts'
import { T0 } from './accumulator-rig.ts'

/** A meter that is read at seconds after T0; the sums of its records, J. */
function meter(steps: readonly { atS: number; powerW?: number; counters?: Counters }[], maxGapS = 15) {
  let accumulator = new DeviceAccumulator('grid', maxGapS * 1000)
  const sums = { inJ: 0, outJ: 0 }
  const take = (records: ReturnType<DeviceAccumulator['closeAll']>) => {
    for (const { energyMilliJ = 0, exportedMilliJ = 0 } of records) {
      sums.inJ += energyMilliJ / 1000
      sums.outJ += exportedMilliJ / 1000
    }
  }
  for (const { atS, powerW, counters } of steps) {
    // as after a restart of the agent: the state survives
    accumulator = new DeviceAccumulator('grid', maxGapS * 1000, structuredClone(accumulator.state))
    accumulator.observe(
      {
        identity: { kind: 'meter' },
        sample: { state: 'ok', ...(powerW !== undefined && { powerW, powerBasis: 'metered' }) },
        ...(counters && { counters }),
      },
      { wallMs: T0 + atS * 1000, steadyMs: atS * 1000 },
    )
    take(accumulator.close(T0 + atS * 1000))
  }
  take(accumulator.closeAll())
  return sums
}

describe('a meter with two directions', () => {
  it('has two counters, and one is never taken off the other', () => {
    expect(
      meter([
        { atS: 0, powerW: -979, counters: { energyJ: 1_000_000, exportedJ: 500_000 } },
        { atS: 10, powerW: -979, counters: { energyJ: 1_000_000, exportedJ: 509_790 } },
        { atS: 20, powerW: 2000, counters: { energyJ: 1_020_000, exportedJ: 509_900 } },
      ]),
    ).toEqual({ inJ: 20_000, outJ: 9_900 })
  })

  it('without counters integrates each direction apart: an hour of export leaves nothing to take off later', () => {
    expect(
      meter([
        { atS: 0, powerW: -1000 },
        { atS: 10, powerW: -1000 },
        { atS: 20, powerW: 1000 },
        { atS: 30, powerW: 1000 },
      ]),
    ).toEqual({ inJ: 2500 + 10_000, outJ: 10_000 + 2500 })
  })

  it('recovers both counters over a gap', () => {
    expect(
      meter([
        { atS: 0, powerW: -500, counters: { energyJ: 10_000, exportedJ: 20_000 } },
        { atS: 600, powerW: 500, counters: { energyJ: 13_000, exportedJ: 27_000 } },
      ]),
    ).toEqual({ inJ: 3000, outJ: 7000 })
  })

  it('that never exports has no exported energy in its records', () => {
    const accumulator = new DeviceAccumulator('grid', 15_000)
    for (const atS of [0, 10])
      accumulator.observe(
        { identity: { kind: 'meter' }, sample: { state: 'ok', powerW: 100 } },
        { wallMs: T0 + atS * 1000, steadyMs: atS * 1000 },
      )
    for (const record of accumulator.closeAll()) expect(record).not.toHaveProperty('exportedMilliJ')
  })
})

describe('the area above zero between two powers', () => {
  it.each([
    [100, 300, 2000],
    [-100, -300, 0],
    [0, 0, 0],
    [100, -100, 250],
    [-300, 100, 125],
  ])('from %d W to %d W in 10 s is %d J', (from, to, joules) => {
    expect(areaAboveJ(from, to, 10_000)).toBeCloseTo(joules)
  })
})
