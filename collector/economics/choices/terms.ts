/**
 * Terms and their sum as text: the sum is rounded once, and the terms add up to it, so that a reader who adds them finds no cent too
 * many. None is more than one unit of its last digit off.
 * @param digits behind the point
 */
export function summedText(terms: readonly number[], digits: number): { terms: string[]; sum: string } {
  const unit = 10 ** digits
  const exact = terms.map((term) => term * unit)
  const rounded = exact.map((term) => Math.round(term))
  const sum = Math.round(exact.reduce((total, term) => total + term, 0))
  const missing = sum - rounded.reduce((total, term) => total + term, 0)
  const step = Math.sign(missing)
  const farthest = exact
    .map((term, i) => ({ i, by: step * (term - (rounded[i] ?? 0)) }))
    .sort((a, b) => b.by - a.by || a.i - b.i)
  for (const { i } of farthest.slice(0, Math.abs(missing))) rounded[i] = (rounded[i] ?? 0) + step
  // without the sign of a zero
  const text = (units: number) => ((units || 0) / unit).toFixed(digits)
  return { terms: rounded.map(text), sum: text(sum) }
}
