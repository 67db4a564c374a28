import { describe, expect, test } from 'vitest'
import { TwoWayCounters } from '../../../agent/counting/two-way-counters.ts'
import { booked } from './booked.ts'

const KWH = 3_600_000

/** The faults of a meter after an hour of polls. @param meter power, and how fast its counters count, kW */
function faultsOf(
  meter: { powerKw: number | ((s: number) => number); inKw: number; outKw: number },
  { hours = 1, stepKwh = 0.1 } = {},
): string[] {
  const stepJ = stepKwh * KWH
  const counters = new TwoWayCounters({ energyJ: stepJ, exportedJ: stepJ })
  let faults: string[] = []
  const counted = (kw: number, s: number) => Math.floor((kw * s) / 3600 / stepKwh + 1e-9) * stepJ
  const { powerKw } = meter
  for (let s = 0; s <= hours * 3600; s += 10)
    ({ faults } = counters.read(
      {
        powerW: (typeof powerKw === 'number' ? powerKw : powerKw(s)) * 1000,
        energyJ: 500 * KWH + counted(meter.inKw, s),
        exportedJ: 20 * KWH + counted(meter.outKw, s),
      },
      s * 1000,
    ))
  return faults
}

test('a meter whose power says out where its counter says in is a fault that names the setting', () => {
  const [fault] = faultsOf({ powerKw: -12, inKw: 12, outKw: 0 })
  expect(fault).toMatch(
    /^its power says that [\d.]+ kWh flowed out in \d+ s, and its counters that [\d.]+ kWh flowed in; if the counters are right set invert: power, else invert: true; until then its power is not used$/,
  )
  expect(faultsOf({ powerKw: 12, inKw: 0, outKw: 12 }).at(-1)).toMatch(/flowed in in \d+ s.* flowed out/)
})

test.each([
  ['that draws', { powerKw: 12, inKw: 12, outKw: 0 }],
  ['that exports', { powerKw: -12, inKw: 0, outKw: 12 }],
  ['that counts each phase by itself', { powerKw: -4, inKw: 4, outKw: 8 }],
  ['that idles', { powerKw: 0, inKw: 0, outKw: 0 }],
])('a meter %s has none', (_, meter) => {
  expect(faultsOf(meter)).toEqual([])
})

describe('a swap is a fault as soon as it is sure', () => {
  test.each([
    [0.001, 4],
    [0.01, 4],
    [0.1, 11],
  ])('at a steady load and steps of %d kWh, within %d minutes', (stepKwh, minutes) => {
    const swapped = { powerKw: -12, inKw: 12, outKw: 0 }
    expect(faultsOf(swapped, { stepKwh, hours: minutes / 60 }).at(-1)).toMatch(/set invert: power/)
    expect(faultsOf({ powerKw: 12, inKw: 0, outKw: 12 }, { stepKwh, hours: minutes / 60 }).at(-1)).toMatch(
      /set invert: power/,
    )
  })

  test('but not of a site whose load turns round while its power is the average of the last quarter of an hour', () => {
    const averageKw = (s: number) => 12 - 24 * Math.min(1, s / 900)
    for (let minutes = 2; minutes < 60; minutes++)
      expect(
        faultsOf({ powerKw: averageKw, inKw: 0, outKw: 12 }, { stepKwh: 0.001, hours: minutes / 60 }),
      ).not.toContainEqual(expect.stringMatching(/invert/))
  })
})

/** A meter draws, and one of own generation shows that as positive while it generates: so what says in is used until a person decides. */
describe('while power and counters contradict, a minute is booked in one direction', () => {
  const counter =
    (kw: number, fromKwh = 0) =>
    (s: number) =>
      fromKwh + Math.floor((kw * s) / 3.6 + 1e-9) / 1000
  const still = (kwh: number) => () => kwh

  test.each([
    ['the registers swapped', 30_000, { energyKwh: still(1000), exportedKwh: counter(30, 500) }],
    ['an unsigned power', 10_000, { energyKwh: still(1000), exportedKwh: counter(10, 500) }],
  ])('a power that says in, with %s: in, by the power', (_, watts, counters) => {
    for (const restartsS of [[], [90, 1000, 2000]]) {
      const { kwh, outKwh } = booked({ powerW: () => watts, ...counters, restartsS }, 3600)
      expect(kwh / (watts / 1000)).toBeCloseTo(1, 1)
      expect(outKwh).toBe(0)
    }
  })

  test('a power that says out while the counter of import counts: from the fault on in, by the counter', () => {
    const { kwh, outKwh } = booked(
      { powerW: () => -30_000, energyKwh: counter(30, 1000), exportedKwh: still(500) },
      3600,
    )
    expect(kwh + outKwh).toBeGreaterThan(29)
    expect(kwh + outKwh).toBeLessThan(31)
    expect(outKwh).toBeLessThan(3)
  })

  test('and each reading has the fault, also after a restart, until they agree', () => {
    const open = (known?: object) => new TwoWayCounters({ energyJ: 3600, exportedJ: 3600 }, known)
    const at = (s: number, powerW: number) => ({ powerW, energyJ: KWH, exportedJ: 5 * KWH + 12_000 * s })
    let counters = open()
    for (let s = 0; s <= 400; s += 10) counters.read(at(s, 12_000), s * 1000)
    expect(counters.read(at(410, 12_000), 410_000)).toMatchObject({ powerW: 12_000, contradicts: true })
    counters = open(JSON.parse(JSON.stringify(counters.known)))
    for (let s = 420; s < 600; s += 10)
      expect(counters.read(at(s, 12_000), s * 1000)).toMatchObject({
        contradicts: true,
        faults: [expect.stringContaining('set invert: power')],
      })
    for (let s = 600; s <= 1000; s += 10) counters.read(at(s, -12_000), s * 1000)
    const told = counters.read(at(1010, -12_000), 1_010_000)
    expect(told).toMatchObject({ powerW: -12_000, faults: [] })
    expect(told.contradicts).toBeUndefined()
  })

  test('nothing is lost of a site that turns round while its power is an average of the last quarter of an hour', () => {
    const kw = (s: number) => (s % 14_400 < 7200 ? 20 : -15)
    const mean = (s: number) =>
      Array.from({ length: 30 }, (_, k) => kw(Math.max(0, s - 30 * k))).reduce((a: number, b) => a + b, 0) /
      30
    const flowed = (s: number, sign: number) => {
      let kwh = 0
      for (let at = 0; at < s; at += 300) kwh += (Math.max(0, sign * kw(at)) * Math.min(300, s - at)) / 3600
      return kwh
    }
    const seconds = 4 * 14_400 + 7000
    const { kwh, outKwh, faults } = booked(
      {
        pollS: 30,
        powerW: (s) => 1000 * mean(s),
        energyKwh: (s) => 1000 + flowed(s, 1),
        exportedKwh: (s) => 500 + flowed(s, -1),
      },
      seconds,
    )
    expect(faults).toEqual([])
    // what the average owes of the last turn
    expect(Math.abs(kwh - outKwh - (flowed(seconds, 1) - flowed(seconds, -1)))).toBeLessThan(1.5)
  })
})
