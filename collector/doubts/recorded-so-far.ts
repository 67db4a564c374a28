import type { Owner } from '../../protocol/owner.ts'

/** Until when an owner's records cover the device. */
export interface Covered {
  owner: Owner
  upToMs: number
}

/**
 * What is remembered of one device's records. Each excess is work, energy or time beyond what the device can do, added up since it
 * last was within its bound: `max(0, excess + done - possible)`. So one number stands for every window that ends now, and the longest
 * in which the device did too much decides. A record is doubtful where it brings an excess beyond its bound.
 */
export interface RecordedSoFar {
  /** end of the newest record, Unix ms; 0 before the first */
  upToMs: number
  /** the latest end of all records, also of those before the clock was set back, Unix ms */
  furthestMs: number
  /** how often the clock was set back of late: one more each time, one less each 10 minutes */
  backSteps: number
  backStepMs: number
  /** begin of the time that its records cover without a step back or a gap, up to `upToMs`; 0: not known */
  stretchMs: number
  /** the time that they covered before it: pairs of begin and end (`stretches.ts`) */
  stretches: readonly number[]
  /** the owners whose records reach up to `upToMs`, or nearly */
  covered: readonly Covered[]
  /** time that was covered twice, ms */
  overlapMs: number
  /** begin of the time over which work was in excess of the device's ability, Unix ms */
  workSinceMs: number
  /** difficulty-1 shares beyond twice the hashrate that the device can have */
  workBeyondAbility: number
  /** the same beyond twice, and beyond 1.25 times, the hashrate that it showed */
  workBeyondReading: number
  workBeyondReadingSlowly: number
  /** sums of the records' work and of its square, fading: their ratio is about the work of one share */
  work: number
  workSquares: number
  /** number of those records, fading */
  workRecords: number
  /** the largest estimate of a share's work since the work was last within its bounds */
  share: number
  /** difficulty-1 shares per ms by the readings, fading average; 0: none yet */
  readingPerMs: number
  energyMilliJ: number
  exportedMilliJ: number
  /** of a meter: its energy in both directions and the time of it, fading within half an hour */
  pastMilliJ: number
  pastMs: number
  /** of a meter: the highest mean power of about 20 min, W, fading within months */
  pastPeakW: number
  gpuMs: number
  busyGpuMs: number
  tokensIn: number
  tokensOut: number
  /** the time that the averages are of, fading, ms */
  tokensMs: number
  /** tokens per ms, average of about a day */
  tokensInPerMs: number
  tokensOutPerMs: number
  /** 1 once a person has accepted more than the device was known to do; what was known before stands beside it */
  taught: number
  untaughtPeakW: number
  untaughtInPerMs: number
  untaughtOutPerMs: number
}

/** What is remembered of a device before its first record. */
export const nothingRecorded = (): RecordedSoFar => ({
  upToMs: 0,
  furthestMs: 0,
  backSteps: 0,
  backStepMs: 0,
  stretchMs: 0,
  stretches: [],
  covered: [],
  overlapMs: 0,
  workSinceMs: 0,
  workBeyondAbility: 0,
  workBeyondReading: 0,
  workBeyondReadingSlowly: 0,
  work: 0,
  workSquares: 0,
  workRecords: 0,
  share: 0,
  readingPerMs: 0,
  energyMilliJ: 0,
  exportedMilliJ: 0,
  pastMilliJ: 0,
  pastMs: 0,
  pastPeakW: 0,
  gpuMs: 0,
  busyGpuMs: 0,
  tokensIn: 0,
  tokensOut: 0,
  tokensMs: 0,
  tokensInPerMs: 0,
  tokensOutPerMs: 0,
  taught: 0,
  untaughtPeakW: 0,
  untaughtInPerMs: 0,
  untaughtOutPerMs: 0,
})

/** Copies all of it, name by name: this runs twice a record, and a new object each time would cost as much as all checks. */
export function copySeen(to: RecordedSoFar, from: RecordedSoFar): void {
  to.upToMs = from.upToMs
  to.furthestMs = from.furthestMs
  to.backSteps = from.backSteps
  to.backStepMs = from.backStepMs
  to.stretchMs = from.stretchMs
  to.stretches = from.stretches
  to.covered = from.covered
  to.overlapMs = from.overlapMs
  to.workSinceMs = from.workSinceMs
  to.workBeyondAbility = from.workBeyondAbility
  to.workBeyondReading = from.workBeyondReading
  to.workBeyondReadingSlowly = from.workBeyondReadingSlowly
  to.work = from.work
  to.workSquares = from.workSquares
  to.workRecords = from.workRecords
  to.share = from.share
  to.readingPerMs = from.readingPerMs
  to.energyMilliJ = from.energyMilliJ
  to.exportedMilliJ = from.exportedMilliJ
  to.pastMilliJ = from.pastMilliJ
  to.pastMs = from.pastMs
  to.pastPeakW = from.pastPeakW
  to.gpuMs = from.gpuMs
  to.busyGpuMs = from.busyGpuMs
  to.tokensIn = from.tokensIn
  to.tokensOut = from.tokensOut
  to.tokensMs = from.tokensMs
  to.tokensInPerMs = from.tokensInPerMs
  to.tokensOutPerMs = from.tokensOutPerMs
  to.taught = from.taught
  to.untaughtPeakW = from.untaughtPeakW
  to.untaughtInPerMs = from.untaughtInPerMs
  to.untaughtOutPerMs = from.untaughtOutPerMs
}

/** An excess after a record, and whether the record brings it beyond its bound. One that lowers it is no doubt, wherever it stands. */
export const isBeyond = (before: number, after: number, bound: number): boolean =>
  after > bound && after > before
