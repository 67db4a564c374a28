/** a / b; absent, never infinite or NaN, where b is nothing or the result is beyond what a number can say. */
export function ratio(a: number, b: number): number | undefined {
  const r = b > 0 ? a / b : Number.NaN
  return Number.isFinite(r) ? r : undefined
}
