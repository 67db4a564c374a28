const NANO_USD_PER_CENT = 1e7

/** Amounts in whole cents, with their sum. */
export interface Cents {
  cents: number[]
  /** the exact sum, rounded once to a cent (half up) */
  totalCents: number
}

/**
 * Rounds amounts (nano-USD, whole numbers, of either sign) to cents by the largest remainder method, so that they add up to the
 * rounded sum: each is rounded down, and the missing cents go to the largest remainders, the earlier first. No amount changes by a
 * cent or more.
 */
export function inCents(nanoUsd: readonly number[]): Cents {
  const cents = nanoUsd.map((n) => Math.floor(n / NANO_USD_PER_CENT))
  const remainders = nanoUsd.map((n, i) => n - (cents[i] ?? 0) * NANO_USD_PER_CENT)
  const rest = Math.round(remainders.reduce((sum, r) => sum + r, 0) / NANO_USD_PER_CENT)
  const byRemainder = remainders.map((r, i) => ({ i, r })).sort((a, b) => b.r - a.r || a.i - b.i)
  for (const { i } of byRemainder.slice(0, rest)) cents[i] = (cents[i] ?? 0) + 1
  return { cents, totalCents: cents.reduce((sum, c) => sum + c, 0) }
}
