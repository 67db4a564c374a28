/**
 * Units are converted once, at the edge of the program (a driver, a feed, a screen). Inside perwatt every number is in
 * the base unit that its name carries: W, J, H/s, s, ms, USD.
 */

/** Expected hashes for one difficulty-1 share: 2^32 (pool difficulty 1; Bitcoin's `nBits` 0x1d00ffff). */
export const HASHES_PER_DIFF1 = 2 ** 32
export const JOULES_PER_KWH = 3_600_000
export const MILLIJOULES_PER_KWH = JOULES_PER_KWH * 1000
export const NANO_USD_PER_USD = 1e9
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000

const HASHES = { H: 1, kH: 1e3, MH: 1e6, GH: 1e9, TH: 1e12, PH: 1e15, EH: 1e18 } as const
export type HashrateUnit = keyof typeof HASHES

/** A hashrate of `value` units per second, as H/s. Every mining API has its own unit, so each driver names it here. */
export const hashrateHs = (value: number, unit: HashrateUnit): number => value * HASHES[unit]

/** Expected work of a hashrate (H/s) over a time, in difficulty-1 shares. */
export const workDiff1OfHashrate = (hashrate: number, durationS: number): number =>
  (hashrate * durationS) / HASHES_PER_DIFF1

/** Start of the UTC minute that holds `ms` (Unix time, ms). Unix minutes are UTC minutes: POSIX has no leap seconds. */
export const minuteOf = (ms: number): number => Math.floor(ms / MINUTE_MS) * MINUTE_MS

/** The first begin of a UTC minute at `ms` (Unix time, ms) or after it. */
export const minuteAtOrAfter = (ms: number): number => Math.ceil(ms / MINUTE_MS) * MINUTE_MS

/**
 * Splits a whole number in proportion to weights into whole parts that add up to it exactly (largest remainder method, ties to
 * the earlier part). Where no weight is positive, the first part gets all of it.
 */
export function apportion(total: number, weights: readonly number[]): number[] {
  if (weights.length === 0) return []
  const sum = weights.reduce((a, w) => a + Math.max(0, w), 0)
  if (!(sum > 0)) return weights.map((_, i) => (i === 0 ? total : 0))
  const exact = weights.map((w) => (total * Math.max(0, w)) / sum)
  const parts = exact.map(Math.floor)
  let rest = total - parts.reduce((a, p) => a + p, 0)
  const byRemainder = exact
    .map((x, i) => ({ i, r: x - Math.floor(x) }))
    .sort((a, b) => b.r - a.r || a.i - b.i)
  for (let k = 0; rest > 0; k = (k + 1) % byRemainder.length, rest--) {
    const { i } = byRemainder[k] as { i: number }
    parts[i] = (parts[i] ?? 0) + 1
  }
  return parts
}
