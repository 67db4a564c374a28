/** a / b, or undefined if b is not positive or the result is not finite. */
export function ratio(a: number, b: number): number | undefined {
  const r = b > 0 ? a / b : Number.NaN
  return Number.isFinite(r) ? r : undefined
}
