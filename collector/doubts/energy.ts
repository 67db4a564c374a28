import type { Interval } from '../../protocol/interval.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { PowerBound } from './abilities.ts'
import { isBeyond, type RecordedSoFar } from './recorded-so-far.ts'

/** Readings come late by a few polls. */
const LATE_MS = 5 * MINUTE_MS
/** A machine draws at most this many times the limit that it is set to. */
const ABOVE_LIMIT = 1.5
const JOULE = 1000

/**
 * Energy, in both directions of a meter, against the most that the device draws and the power limit that it is set to.
 * @param limitW the limit that it shows now; undefined where the record is not of now
 */
export function energyFault(
  next: RecordedSoFar,
  { energyMilliJ = 0, exportedMilliJ = 0 }: Interval,
  elapsedMs: number,
  { power, stepMilliJ, limitW }: { power: PowerBound; stepMilliJ: number; limitW: number | undefined },
): string | undefined {
  const byLimitW = limitW === undefined ? Number.POSITIVE_INFINITY : limitW * ABOVE_LIMIT
  const mostW = Math.min(power.mostW, byLimitW)
  // 1 W is 1 mJ per ms
  const possible = mostW * elapsedMs
  const most = mostW * LATE_MS + stepMilliJ
  const before = { in: next.energyMilliJ, out: next.exportedMilliJ }
  next.energyMilliJ = Math.max(0, before.in + energyMilliJ - possible)
  next.exportedMilliJ = Math.max(0, before.out + exportedMilliJ - possible)
  const isIn = isBeyond(before.in, next.energyMilliJ, most)
  if (!isIn && !isBeyond(before.out, next.exportedMilliJ, most)) return undefined
  const beyond = isIn ? next.energyMilliJ : next.exportedMilliJ
  const why =
    mostW < power.mostW
      ? `${ABOVE_LIMIT} times its power limit of ${Math.round(limitW ?? 0)} W`
      : `(${power.because()})`
  return `its energy is ${Math.round(beyond / JOULE)} J beyond what it can draw, ${why}; look at its energy counter, or correct ratedPowerW`
}
