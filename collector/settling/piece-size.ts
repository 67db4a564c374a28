const MINUTES_AT_ONCE = 30
/** A large site settles fewer minutes, so that about this many records are in memory. */
const INTERVALS_AT_ONCE = 50_000

/** How many minutes are settled at once. @param intervals records of the last piece @param atOnce minutes of it */
export function nextPiece(atOnce: number, intervals: number): number {
  if (intervals > INTERVALS_AT_ONCE) return Math.max(1, Math.floor(atOnce / 2))
  return intervals < INTERVALS_AT_ONCE / 4 ? Math.min(MINUTES_AT_ONCE, atOnce * 2) : atOnce
}
