const NANO_USD_PER_CENT = 1e7

/** Amounts in whole cents that add up to their total. */
export interface Cents {
  cents: number[]
  /** the exact sum, rounded once to a cent (half up) */
  totalCents: number
}

/**
 * Exact amounts (nano-USD, whole numbers, of either sign) in cents, so that they add up to the rounded sum: each is rounded
 * down, and the cents that are missing go to the largest remainders, ties to the earlier. None is a cent or more off.
 */
export function inCents(nanoUsd: readonly number[]): Cents {
  const cents = nanoUsd.map((n) => Math.floor(n / NANO_USD_PER_CENT))
  const remainders = nanoUsd.map((n, i) => n - (cents[i] ?? 0) * NANO_USD_PER_CENT)
  const rest = Math.round(remainders.reduce((sum, r) => sum + r, 0) / NANO_USD_PER_CENT)
  const byRemainder = remainders.map((r, i) => ({ i, r })).sort((a, b) => b.r - a.r || a.i - b.i)
  for (const { i } of byRemainder.slice(0, rest)) cents[i] = (cents[i] ?? 0) + 1
  return { cents, totalCents: cents.reduce((sum, c) => sum + c, 0) }
}
