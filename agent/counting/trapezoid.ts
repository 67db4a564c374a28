/**
 * Energy between two power readings, of what lies above zero: a trapezoid, cut where power crosses zero.
 * @returns J; what flows the other way is not taken off, because a meter counts the two directions apart
 */
export function areaAboveJ(fromW: number, toW: number, elapsedMs: number): number {
  const high = Math.max(fromW, toW)
  const low = Math.min(fromW, toW)
  if (high <= 0) return 0
  const meanW = low >= 0 ? (high + low) / 2 : (high * high) / (high - low) / 2
  return (meanW * elapsedMs) / 1000
}
