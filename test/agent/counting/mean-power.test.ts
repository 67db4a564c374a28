import { describe, expect, test } from 'vitest'
import { booked } from './booked.ts'

/*
 * Demand is the mean of the last minutes, sliding, or of the block before, shown until the next one ends (IEC 62056-6-2, demand register). The
 * load is 1 or 5 kW and 100 kW in turn.
 */
const load = (lowKw: number, halfS: number) => (s: number) => (Math.floor(s / halfS) % 2 === 0 ? lowKw : 100)
const sums = (kwAt: (s: number) => number, seconds: number) => {
  const kwh = [0]
  for (let s = 0; s < seconds; s++) kwh.push((kwh[s] ?? 0) + kwAt(s) / 3600)
  return (s: number) => kwh[Math.max(0, Math.round(s))] ?? 0
}

describe.each([10, 60])('polled each %d s, an honest counter beside a mean power', (pollS) => {
  test.each([
    ['sliding', 600, 1800],
    ['sliding', 900, 1800],
    ['sliding', 900, 5400],
    ['block', 600, 1800],
    ['block', 900, 1800],
    ['block', 900, 5400],
  ])('%s of %d s, with a load that changes each %d s, keeps every kWh', (kind, meanS, halfS) => {
    const seconds = 24 * 3600
    const kwh = sums(load(5, halfS), seconds)
    const meanKw = (s: number) => {
      const end = kind === 'block' ? Math.floor(s / meanS) * meanS : s
      if (end === 0) return 5
      const begin = Math.max(0, end - meanS)
      return ((kwh(end) - kwh(begin)) * 3600) / (end - begin)
    }
    const energyKwh = (s: number) => 4000 + Math.floor(kwh(s) * 1000) / 1000
    const read = booked({ pollS, powerW: (s) => 1000 * meanKw(s), energyKwh }, seconds)
    // the first block of another load is held back for a poll, as any far power is
    expect(read.faults.filter((fault) => !fault.includes('unless the next reading confirms it'))).toEqual([])
    // of a day with up to 48 changes, no more than what the mean owes of the last one
    expect(Math.abs(read.kwh - kwh(seconds))).toBeLessThan((95 * meanS) / 3600)
  })
})

test('a counter of another scale beside a load that swings is refused all the same, and hardly any of it is booked', () => {
  const seconds = 8 * 3600
  const at = load(5, 1800)
  const kwh = sums(at, seconds)
  const noisy = (s: number) => 1000 * at(s) * (1 + 0.1 * Math.sin(s))
  for (const factor of [2, 10, 0.3]) {
    const read = booked({ pollS: 10, powerW: noisy, energyKwh: (s) => 4000 + factor * kwh(s) }, seconds)
    expect(read.fault).toMatch(/the counter is not used/)
    expect(Math.abs(read.kwh - kwh(seconds)) / kwh(seconds)).toBeLessThan(0.05)
  }
})
