import { describe, expect, test } from 'vitest'
import { booked } from './booked.ts'

/*
 * Demand is the mean of the last minutes, sliding, or of the block before, shown until the next one ends (IEC 62056-6-2, demand register).
 * Each load has been steady for 20 minutes when the agent starts.
 */
const HOUR = 3600
const STEADY_S = 1200
const SWINGS = {
  '5 and 100 kW, each 30 min': (s: number) => (Math.floor(s / 1800) % 2 === 0 ? 5 : 100),
  '5 and 100 kW, each 90 min': (s: number) => (Math.floor(s / 5400) % 2 === 0 ? 5 : 100),
  'a wave of 1 h': (s: number) => 55 + 45 * Math.sin((2 * Math.PI * s) / HOUR),
  'a wave of 4 h': (s: number) => 55 + 45 * Math.sin((2 * Math.PI * s) / (4 * HOUR)),
} satisfies Record<string, (s: number) => number>
const BOTH_WAYS = (s: number) => 10 * Math.sin((2 * Math.PI * s) / (4 * HOUR))
const POWERS = {
  instant: undefined,
  'sliding, 10 min': ['sliding', 600],
  'sliding, 15 min': ['sliding', 900],
  'block, 10 min': ['block', 600],
  'block, 15 min': ['block', 900],
} as const

interface Reads {
  /** by which the counters are wrong, in and out, from `fromS` on */
  factors?: number[]
  fromS?: number
  hours?: number
  pollS?: number
  /** how long the load was steady at first */
  steadyS?: number
}
function read(
  kwAt: (s: number) => number,
  power: keyof typeof POWERS,
  { factors = [1, 1], hours = 24, pollS = 10, steadyS = STEADY_S, fromS = 0 }: Reads = {},
) {
  const seconds = hours * HOUR
  const [net, inKwh, outKwh] = [0, 1, 2].map(() => new Float64Array(seconds + 1)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const kw = (s: number) => kwAt(Math.max(0, s - steadyS))
  for (let s = 1; s <= seconds; s++) {
    net[s] = net[s - 1]! + kw(s - 1) / HOUR
    inKwh[s] = inKwh[s - 1]! + Math.max(0, kw(s - 1)) / HOUR
    outKwh[s] = outKwh[s - 1]! + Math.max(0, -kw(s - 1)) / HOUR
  }
  const shownKw = (s: number) => {
    const mean = POWERS[power]
    if (!mean) return kw(s)
    const end = mean[0] === 'block' ? Math.floor(s / mean[1]) * mean[1] : s
    const begin = Math.max(0, end - mean[1])
    return end === begin ? kw(0) : ((net[end]! - net[begin]!) * HOUR) / (end - begin)
  }
  const counted = (kwh: Float64Array, s: number, factor: number) =>
    kwh[s]! + (factor - 1) * Math.max(0, kwh[s]! - kwh[fromS]!)
  const wholeWh = (kwh: number) => Math.floor(kwh * 1000) / 1000
  const found = booked(
    {
      pollS,
      powerW: (s) => 1000 * shownKw(s),
      energyKwh: (s) => wholeWh(4000 + counted(inKwh, s, factors[0]!)),
      exportedKwh: (s) => wholeWh(7000 + counted(outKwh, s, factors[1]!)),
    },
    seconds,
  )
  return { ...found, trueKwh: inKwh[seconds]!, trueOutKwh: outKwh[seconds]! }
}
const refused = (faults: readonly string[]) => faults.filter((fault) => /the counter is not used/.test(fault))

describe.each(['sliding, 10 min', 'sliding, 15 min', 'block, 10 min', 'block, 15 min'] as const)(
  'an honest counter beside a mean power keeps every kWh: %s',
  (power) => {
    test.each(Object.keys(SWINGS) as (keyof typeof SWINGS)[])('%s', (swing) => {
      for (const pollS of [10, 60]) {
        const { kwh, trueKwh, faults } = read(SWINGS[swing], power, { pollS })
        // the first block of another load is held back for a poll, as any far power is
        expect(faults.filter((fault) => !/unless the next reading confirms it/.test(fault))).toEqual([])
        // what the mean still owes at the end
        expect(Math.abs(kwh - trueKwh)).toBeLessThan((95 * 900) / HOUR)
        expect(Math.abs(kwh / trueKwh - 1)).toBeLessThan(0.02)
      }
    })
  },
)

test.each(Object.keys(SWINGS) as (keyof typeof SWINGS)[])(
  'where the load leaps as the agent starts, an honest counter may be refused by a block of before, until both agree: %s',
  (swing) => {
    for (const power of ['block, 10 min', 'block, 15 min'] as const) {
      const { kwh, trueKwh, fault } = read(SWINGS[swing], power, { steadyS: 0 })
      expect(fault).toBeUndefined()
      expect(Math.abs(kwh / trueKwh - 1)).toBeLessThan(0.02)
    }
  },
)

describe.each(['instant', 'sliding, 15 min', 'block, 15 min'] as const)(
  'a counter of another scale is refused beside a load that swings: %s',
  (power) => {
    const factors = [0.1, 0.2, 0.5, 2, 5, 10, 20]
    test.each(Object.keys(SWINGS) as (keyof typeof SWINGS)[])('%s, from the start on', (swing) => {
      for (const factor of factors) {
        const { faults } = read(SWINGS[swing], power, { factors: [factor, 1], hours: 8, steadyS: 0 })
        expect(refused(faults)).toHaveLength(1)
      }
    })

    test.each(Object.keys(SWINGS) as (keyof typeof SWINGS)[])('%s, after hours of agreement', (swing) => {
      for (const factor of factors) {
        const wrong = { factors: [factor, 1], fromS: 7 * HOUR, hours: 15 }
        expect(refused(read(SWINGS[swing], power, wrong).faults)).toHaveLength(1)
      }
    })

    test.each(factors)('that flows both ways, and both are told: %d times', (factor) => {
      const wrong = { factors: [factor, factor], hours: 14, steadyS: 0 }
      const told = refused(read(BOTH_WAYS, power, wrong).faults)
      expect(told.map((fault) => / (energy|export) counter /.exec(fault)?.[1]).sort()).toEqual([
        'energy',
        'export',
      ])
    })
  },
)
