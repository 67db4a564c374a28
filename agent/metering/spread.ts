import { energyShareOf, type Holder, NOBODY } from '../../protocol/owner.ts'
import { POWER_BASES, type PowerBasis } from '../../protocol/sample.ts'
import { apportion, MINUTE_MS, minuteOf, workDiff1OfHashrate } from '../../protocol/units.ts'
import type { Reading } from '../plugin/reading.ts'
import { add, type Bucket } from './bucket.ts'
import type { LastReading } from './last-reading.ts'
import type { MinuteMeter } from './minute-meter.ts'
import type { OwnerAmount } from './owner-meter.ts'
import { lengthsMs, type Piece } from './piece.ts'

/** A larger one does not fit into a record: no pool gives it out. */
const MOST_DIFFICULTY = 2 ** 52

/** A smaller share is what rounding leaves of a sum. */
const NOTHING = 1e-12

/** The time between two readings. */
export interface Span {
  last: LastReading
  reading: Reading
  pieces: readonly Piece[]
  /** true: the time is too long to integrate power over it; only counters cover it */
  gap: boolean
}

/** Spreads the energy and the time of a span over its minutes and over the holders of the device. */
export function spreadEnergyAndTime(
  minutes: MinuteMeter,
  span: Span,
  energyMilliJ: number | undefined,
): void {
  const { last, reading, pieces, gap } = span
  if (gap && energyMilliJ === undefined) return
  const holders = withNobody(last.sample.holders ?? [])
  const shares = holders.map((h) => h.share)
  const energyShares = holders.map(energyShareOf)
  const lengths = lengthsMs(pieces)
  const energies = energyMilliJ === undefined ? undefined : apportion(energyMilliJ, lengths)
  for (const [i, piece] of pieces.entries()) {
    const lengthMs = lengths[i] as number
    const energyParts = energies && apportion(energies[i] as number, energyShares)
    const timeParts = apportion(lengthMs, shares)
    for (const [k, holder] of holders.entries()) {
      const bucket = minutes.at(holder.owner, piece, gap)
      const { powerBasis } = reading.sample
      if (powerBasis) bucket.powerBasis = holder.estimated ? worse(powerBasis, 'estimated') : powerBasis
      if (energyParts) add(bucket, 'energyMilliJ', energyParts[k] as number)
      if (!gap) addObservedTime(bucket, span, holder, lengthMs, timeParts[k] as number)
    }
  }
}

/** Spreads what flowed out through a meter over the minutes of a span. It belongs to nobody, as the meter does. */
export function spreadExported(minutes: MinuteMeter, { pieces, gap }: Span, exportedMilliJ: number): void {
  if (exportedMilliJ === 0) return
  const parts = apportion(exportedMilliJ, lengthsMs(pieces))
  for (const [i, piece] of pieces.entries())
    if (parts[i]) add(minutes.at(NOBODY, piece, gap), 'exportedMilliJ', parts[i])
}

/** Spreads the growth of one owner's counter over the minutes of a span. */
export function spreadAmount(
  minutes: MinuteMeter,
  { pieces, gap, reading }: Pick<Span, 'pieces' | 'gap'> & Partial<Pick<Span, 'reading'>>,
  { owner, quantity, amount }: OwnerAmount,
): void {
  const difficulty = quantity === 'workDiff1' ? reading?.shares?.difficulty : undefined
  const parts = apportion(amount, lengthsMs(pieces))
  for (const [i, piece] of pieces.entries()) {
    const part = parts[i] as number
    // an owner for which the device did nothing in a minute gets no record of it
    if (part <= 0 && !minutes.has(owner, piece)) continue
    const bucket = minutes.at(owner, piece, gap)
    add(bucket, quantity, part)
    // a share comes whole: a part of its difficulty is none
    if (difficulty !== undefined)
      bucket.shareDiff1 = Math.max(bucket.shareDiff1 ?? 0, Math.min(MOST_DIFFICULTY, Math.ceil(difficulty)))
  }
}

/**
 * Where no record tells of the begin of a gap, opens one without amounts, for counters whose growth since then a later reading tells. The
 * collector knows by its start which records of a copy of the spool that growth includes.
 */
export function markBegin(minutes: MinuteMeter, { last, pieces, gap }: Span): void {
  const [first] = pieces
  if (!first || minutes.reaches(first.startMs)) return
  const piece = { ...first, endMs: Math.min(first.endMs, minuteOf(first.startMs) + MINUTE_MS) }
  const [holder] = withNobody(last.sample.holders ?? [])
  minutes.at(holder?.owner ?? NOBODY, piece, gap)
}

/** The holders at the last reading, who hold the device for the whole span. The owner NOBODY gets the share that is left. */
function withNobody(holders: readonly Holder[]): readonly Holder[] {
  const rest = 1 - holders.reduce((sum, h) => sum + h.share, 0)
  const energyRest = 1 - holders.reduce((sum, h) => sum + energyShareOf(h), 0)
  if (rest < NOTHING && energyRest < NOTHING) return holders
  return [
    ...holders,
    {
      owner: NOBODY,
      share: Math.max(0, rest),
      energyShare: Math.max(0, energyRest),
      ...estimatedIf(holders),
    },
  ]
}

/** What is left of a split machine is as much of an estimate as the parts are. */
const estimatedIf = (holders: readonly Holder[]): Pick<Holder, 'estimated'> =>
  holders.some((h) => h.estimated) ? { estimated: true } : {}

function addObservedTime(
  bucket: Bucket,
  { last, reading }: Span,
  holder: Holder,
  lengthMs: number,
  holderMs: number,
): void {
  bucket.coveredMs += lengthMs
  if (reading.identity.kind === 'gpu') {
    add(bucket, 'gpuMs', holderMs)
    const utilization = reading.sample.utilizationRatio ?? last.sample.utilizationRatio
    if (utilization !== undefined) add(bucket, 'busyGpuMs', Math.round(holderMs * Math.min(1, utilization)))
  }
  const { hashrateHs } = last.sample
  if (hashrateHs !== undefined && holder.owner !== NOBODY) {
    const work = workDiff1OfHashrate(hashrateHs * holder.share, lengthMs / 1000)
    add(bucket, 'hashrateWorkDiff1', Math.round(work))
  }
}

const worse = (a: PowerBasis, b: PowerBasis): PowerBasis =>
  POWER_BASES.indexOf(a) < POWER_BASES.indexOf(b) ? b : a
