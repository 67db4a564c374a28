import type { RecordedSoFar } from './recorded-so-far.ts'

/**
 * The time that a device's records cover, in stretches: where the clock is set back, or time is passed over, one ends and another begins.
 * The stretch that is now is `stretchMs` to `upToMs`; those before it are flat pairs of begin and end, in order of time.
 */

/** More stretches are joined over the shortest time between two: that counts as covered. */
const MOST_STRETCHES = 32

/** How much of a time the stretches before the present one cover, ms. */
export function coveredBefore(
  { stretches }: Pick<RecordedSoFar, 'stretches'>,
  fromMs: number,
  toMs: number,
): number {
  let sum = 0
  for (let i = 0; i < stretches.length; i += 2) {
    const both = Math.min(toMs, stretches[i + 1] as number) - Math.max(fromMs, stretches[i] as number)
    if (both > 0) sum += both
  }
  return sum
}

/** Ends the present stretch at its newest record, and begins another. The list is a new one: others may hold the old. */
export function begunStretch(next: RecordedSoFar, startMs: number): void {
  next.stretches = joined(next.stretches, next.stretchMs === 0 ? next.upToMs : next.stretchMs, next.upToMs)
  next.stretchMs = startMs
}

function joined(stretches: readonly number[], fromMs: number, toMs: number): number[] {
  const all: number[] = []
  let [begin, end] = [fromMs, toMs]
  for (let i = 0; i < stretches.length; i += 2) {
    const [from, to] = [stretches[i] as number, stretches[i + 1] as number]
    if (to < begin) all.push(from, to)
    else if (from > end) {
      all.push(begin, end)
      ;[begin, end] = [from, to]
    } else [begin, end] = [Math.min(begin, from), Math.max(end, to)]
  }
  all.push(begin, end)
  if (all.length > 2 * MOST_STRETCHES) all.splice(shortestGap(all), 2)
  return all
}

/** The index of the end before the shortest time that is not covered. */
function shortestGap(stretches: readonly number[]): number {
  let found = 1
  const gapAt = (i: number) => (stretches[i + 1] as number) - (stretches[i] as number)
  for (let i = 3; i + 1 < stretches.length; i += 2) if (gapAt(i) < gapAt(found)) found = i
  return found
}
