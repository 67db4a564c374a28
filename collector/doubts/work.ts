import type { Interval } from '../../protocol/interval.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import type { Ability } from './abilities.ts'
import { isBeyond, type RecordedSoFar } from './recorded-so-far.ts'

/**
 * Accepted work is a sum of shares, and shares come as a Poisson process: with luck, a machine finds many in a minute. The work beyond
 * `1 + e` times what the hashrate gives, added up since it last was within that, exceeds `n` shares with a probability below
 * exp(-r n), where exp(r) = 1 + (1 + e) r (Lundberg's bound). Both bounds below are exp(-20.7) = 1e-9.
 */
const FAST = { times: 2, shares: 16.5 }
const SLOW = { times: 1.25, shares: 47 }
/** Neither bound is below this much of the machine's time: a reconnect may bring one share of a far higher difficulty. */
const LEAST_MS = 5.5 * HOUR_MS
/** The same where the record tells its share difficulty: what is left is a pool that answers late. */
const LEAST_TOLD_MS = HOUR_MS
/** A share is taken for at least this much of the machine's time until so many records with work tell more ... */
const FIRST_SHARE_MS = 20 * MINUTE_MS
const ENOUGH_RECORDS = 30
/** ... and for at most so much, or so much difficulty: no pool gives out more to a slow machine. */
const LARGEST_SHARE_MS = HOUR_MS
const LARGEST_SHARE_DIFF1 = 2 ** 23
/** What older records tell of the share difficulty fades by this with each record that has work. */
const FADES = 0.99
/** Weight of the newest reading in the average of hashrates. */
const NEWEST = 0.05

const count = (diff1: number): string => diff1.toPrecision(4)

/** Counted and estimated work against the machine's rating, and against the hashrate that it showed. */
export function workFault(
  next: RecordedSoFar,
  record: Interval,
  elapsedMs: number,
  { work: ability }: Ability,
): string | undefined {
  if (!ability) return undefined
  const work = (record.workDiff1 ?? 0) + (record.estimatedWorkDiff1 ?? 0)
  const shownPerMs = noteReading(next, record)
  const normalPerMs = ability.rating
    ? ability.ratedPerMs
    : Math.min(shownPerMs || ability.ratedPerMs, ability.ratedPerMs)
  // a pool that lowers its difficulty does not take back the luck at the higher one
  const within = next.workBeyondAbility === 0 && next.workBeyondReadingSlowly === 0
  const told = record.shareDiff1
  next.share = Math.max(
    within ? 0 : next.share,
    told === undefined ? shareOf(next, normalPerMs) : atMost(told, normalPerMs),
  )
  const isNew = told === undefined && next.workRecords < ENOUGH_RECORDS
  const share = Math.max(next.share, isNew ? FIRST_SHARE_MS * normalPerMs : 0)
  const leastMs = told === undefined ? LEAST_MS : LEAST_TOLD_MS
  if (next.workBeyondAbility === 0) next.workSinceMs = record.startMs
  const before = next.workBeyondAbility
  next.workBeyondAbility = Math.max(0, before + work - ability.mostPerMs * elapsedMs)
  const mostBeyond = Math.max(FAST.shares * share, leastMs * ability.ratedPerMs)
  if (isBeyond(before, next.workBeyondAbility, mostBeyond))
    return `its work is ${count(next.workBeyondAbility)} difficulty-1 shares beyond what it can do since ${since(next)}, chance gives at most ${count(mostBeyond)}: ${
      ability.rating ? `it is rated at ${ability.rating}` : 'no machine hashes like that'
    }; compare with the pool`
  // a record without a reading is bounded by the rating alone
  if (record.hashrateWorkDiff1 !== undefined) {
    const slower = readingFault(next, work, record.hashrateWorkDiff1, {
      share,
      leastWork: leastMs * normalPerMs,
    })
    if (slower) return slower
  }
  if (work > 0) {
    next.work = next.work * FADES + work
    next.workSquares = next.workSquares * FADES + work * work
    next.workRecords = next.workRecords * FADES + 1
  }
  return undefined
}

function readingFault(
  next: RecordedSoFar,
  work: number,
  shown: number,
  { share, leastWork }: { share: number; leastWork: number },
): string | undefined {
  const { workBeyondReading, workBeyondReadingSlowly } = next
  next.workBeyondReading = Math.max(0, workBeyondReading + work - FAST.times * shown)
  next.workBeyondReadingSlowly = Math.max(0, workBeyondReadingSlowly + work - SLOW.times * shown)
  const [fast, slow] = [Math.max(FAST.shares * share, leastWork), Math.max(SLOW.shares * share, leastWork)]
  const beyond = isBeyond(workBeyondReading, next.workBeyondReading, fast)
    ? ([next.workBeyondReading, FAST.times, fast] as const)
    : isBeyond(workBeyondReadingSlowly, next.workBeyondReadingSlowly, slow)
      ? ([next.workBeyondReadingSlowly, SLOW.times, slow] as const)
      : undefined
  if (!beyond) return undefined
  const [excess, times, most] = beyond
  return `its work is ${count(excess)} difficulty-1 shares beyond ${times} times what its own hashrate reading gives, chance gives at most ${count(most)}; compare with the pool`
}

const since = ({ workSinceMs }: RecordedSoFar): string =>
  new Date(workSinceMs).toISOString().replace('.000', '')

/** Takes the hashrate that a record shows into the average. @returns the average, difficulty-1 shares per ms */
function noteReading(next: RecordedSoFar, { hashrateWorkDiff1, coveredMs }: Interval): number {
  if (hashrateWorkDiff1 !== undefined && coveredMs >= 10_000) {
    const perMs = hashrateWorkDiff1 / coveredMs
    next.readingPerMs =
      next.readingPerMs === 0 ? perMs : next.readingPerMs + NEWEST * (perMs - next.readingPerMs)
  }
  return next.readingPerMs
}

/** An upper estimate of a share's work: the records' mean weighted by their work. A record holds a share or several. */
const shareOf = ({ work, workSquares }: RecordedSoFar, normalPerMs: number): number =>
  work > 0 ? atMost(workSquares / work, normalPerMs) : 0

const atMost = (share: number, normalPerMs: number): number =>
  Math.min(share, Math.max(LARGEST_SHARE_MS * normalPerMs, LARGEST_SHARE_DIFF1))
