import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'

/** A piece of the time between two readings: inside one UTC minute, or a block of several whole minutes of a gap. */
export interface Piece {
  startMs: number
  endMs: number
}

/**
 * The time between two readings, cut at UTC minutes.
 * @param gap true: the whole minutes stay one block, which the minute meter cuts only when it makes records
 */
export function cutAtMinutes(fromMs: number, toMs: number, gap: boolean): Piece[] {
  const pieces: Piece[] = []
  for (let startMs = fromMs; startMs < toMs; ) {
    const atBoundary = minuteOf(startMs) === startMs
    const wholeMs = gap && atBoundary ? minuteOf(toMs) - startMs : 0
    const endMs = Math.min(toMs, minuteOf(startMs) + Math.max(wholeMs, MINUTE_MS))
    pieces.push({ startMs, endMs })
    startMs = endMs
  }
  return pieces
}

/** Whether a piece is a block: several whole minutes of a gap as one, so that a gap of a week takes no more memory than one minute. */
export const isBlock = (p: Piece): boolean => p.endMs - p.startMs > MINUTE_MS

export const lengthsMs = (pieces: readonly Piece[]): number[] => pieces.map((p) => p.endMs - p.startMs)
