/**
 * Rounds the terms of a sum to one step so that, as they are shown, they add up to the shown sum: each is rounded down, and the
 * missing steps go to the largest remainders, the earlier first. No term changes by a step or more.
 * @param step such as 0.01
 * @returns the terms and the sum in whole steps
 */
export function roundedSum(terms: readonly number[], step: number): { terms: number[]; total: number } {
  const exact = terms.map((term) => term / step)
  const whole = exact.map(Math.floor)
  // -0 becomes 0
  const total = Math.round(exact.reduce((sum, x) => sum + x, 0)) || 0
  const missing = total - whole.reduce((sum, x) => sum + x, 0)
  const byRemainder = exact
    .map((x, i) => ({ i, r: x - (whole[i] ?? 0) }))
    .sort((a, b) => b.r - a.r || a.i - b.i)
  for (const { i } of byRemainder.slice(0, missing)) whole[i] = (whole[i] ?? 0) + 1
  return { terms: whole, total }
}
