import type { AsicFacts } from './facts.ts'
import { boardsOf, byWindow, type Known, known, listed } from './hashrate-figures.ts'
import { showHashrate } from './hashrates.ts'
import { ratingOf } from './models/rated-efficiency.ts'
import { efficiencyOf } from './models/rating.ts'
import { hashrateFault } from './plausible-hashrate.ts'

/**
 * A present hashrate is noisy: so far from all the others none is. Replies of running machines (asic-rs, tests of Whatsminer, VNish, LuxOS,
 * SealMiner) have the present hashrate within 6 % of the average of 15 min.
 */
const APART = 1.3
/** Where all that is known besides follows a change slowly. */
const SLOW_APART = 1.6
const FOLLOWS_S = 900
/** Further away the unit is wrong, and that is for `plausibleHashrates` to tell; so is what is above twice the expected hashrate. */
const UNIT_APART = 30
/** An average outlives a faster mode, and an expected hashrate a board that failed: so far from everything else neither is right. */
const FAR_ABOVE = 3
/** Averages of so short a time have followed a change after `LASTS_MS`. */
const SHORT_S = 60
/** How long a low hashrate must stay below the average of a minute: of such an average less than a twentieth is older. */
const LASTS_MS = 180_000
const LOW_APART = 1.5
/** The rated J/TH, give or take this: the watts of a reply fit a hashrate. */
const FITS_RATED = 1.4

/** A figure that the rest of its reply contradicts, and what the others say. */
interface Apart {
  hashrateHs: number
  against: string
  /** false: only if it lasts */
  sure: boolean
}

/** Holds the hashrates of each reply of one machine against each other. It belongs to one session. */
export class HashratesBeside {
  readonly #now: () => number
  #lowSinceMs: number | undefined

  /** @param now ms of a monotonic clock */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /**
   * The facts; where the present hashrate stands apart from all that support each other, with the one they support, and a note of both.
   * So the work of a machine without a counter is estimated by it.
   */
  of(given: AsicFacts): AsicFacts {
    const facts = withoutFarAbove(given)
    const apart = standsApart(facts)
    if (!apart || apart.sure) this.#lowSinceMs = undefined
    else this.#lowSinceMs ??= this.#now()
    const lasts = this.#lowSinceMs !== undefined && this.#now() - this.#lowSinceMs >= LASTS_MS
    if (!apart || !(apart.sure || lasts)) return facts
    const note = `its present hashrate of ${showHashrate(facts.hashrateHs)} is ignored: ${apart.against}, so ${showHashrate(apart.hashrateHs)} is used; check its own page`
    // no machine that hashes draws 0 W
    const power = facts.power?.powerW === 0 ? undefined : facts.power
    return { ...facts, power, hashrateHs: apart.hashrateHs, notes: [note, ...(facts.notes ?? [])] }
  }
}

/**
 * The present hashrate against the others of its reply. Averages lag: above all others is only what is above the expected one and the boards
 * too, which do not. A hashrate that falls is right before its averages are: below is only what its boards contradict at the same moment, with
 * the watts of the boards' hashrate; or what stays below the average of a minute for long.
 */
function standsApart(facts: AsicFacts): Apart | undefined {
  const { hashrateHs = 0, asleep, ramping, starting } = facts
  if (asleep || ramping || starting || facts.hashrateHs === undefined) return undefined
  const averages = known([
    ...(facts.hashratesBeside ?? []).filter(({ windowS }) => windowS > 0),
    { name: 'its average', hashrateHs: facts.hashrateAvgHs, windowS: Number.POSITIVE_INFINITY },
  ])
  const atOnce = known([
    ...(facts.hashratesBeside ?? []).filter(({ windowS }) => windowS === 0),
    ...(facts.boardsAreNow ? [boardsOf(facts)] : []),
  ])
  // boards whose time is unknown lag as an average does; one board has its machine's own figure
  if (!facts.boardsAreNow && (facts.boards?.length ?? 0) > 1)
    averages.push(...known([{ ...boardsOf(facts), windowS: Number.POSITIVE_INFINITY }]))
  if (hashrateHs <= 0) return noneAtAll(facts, atOnce, averages)
  const expected = known([{ name: EXPECTED, hashrateHs: facts.expectedHashrateHs, windowS: 0 }])
  return (
    aboveAll(facts, [...atOnce, ...byWindow(averages), ...expected]) ??
    belowBoards(facts, atOnce, averages) ??
    belowMinute(hashrateHs, averages)
  )
}

function aboveAll(facts: AsicFacts, others: readonly Known[]): Apart | undefined {
  const { hashrateHs: nowHs = 0 } = facts
  const most = Math.max(...others.map((other) => other.hashrateHs))
  if (others.length < 2 || hashrateFault(nowHs, facts.expectedHashrateHs)) return undefined
  // without one that follows a change within the hour, a machine that was set faster is above all of them
  const follows = others.some(({ name, windowS }) => windowS <= FOLLOWS_S && name !== EXPECTED)
  if (nowHs > UNIT_APART * most || nowHs <= (follows ? APART : SLOW_APART) * most) return undefined
  if (!others.some(({ windowS }) => windowS === 0)) return undefined
  // the first that another supports: what is measured now, then the shortest average
  const supported = others.find((other) =>
    others.some((o) => o !== other && isLike(o.hashrateHs, other.hashrateHs)),
  )
  if (!supported || (fitsWatts(facts, nowHs) && !fitsWatts(facts, supported.hashrateHs))) return undefined
  return { hashrateHs: supported.hashrateHs, against: listed(others), sure: true }
}

/**
 * 0 H/s beside boards that hash at the same moment. A machine that stops shows that in all of them at once, and its watts fall; an average that
 * supports the boards, and watts of their hashrate, say that it runs. Where they say nothing it must last.
 */
function noneAtAll(
  facts: AsicFacts,
  atOnce: readonly Known[],
  averages: readonly Known[],
): Apart | undefined {
  // its own fault says why it stands, and an average of 0 that it has stood for as long
  const hasStood = facts.hashratesBeside?.some(({ hashrateHs, windowS }) => hashrateHs === 0 && windowS > 0)
  if (hasStood || (facts.faults?.length ?? 0) > 0) return undefined
  const [boards] = atOnce
  const byMinute = belowMinute(0, averages)
  // boards that stand, or watts of a machine that does, say that the averages are old
  const stands = facts.boardsAreNow && boardsOf(facts).hashrateHs === 0
  const isOld = facts.power?.powerW && byMinute && !fitsWatts(facts, byMinute.hashrateHs)
  if (!boards) return stands || isOld ? undefined : byMinute
  const support = averages.filter((other) => boards && isLike(other.hashrateHs, boards.hashrateHs))
  if (!boards || support.length === 0) return undefined
  return {
    hashrateHs: boards.hashrateHs,
    against: listed([boards, ...support]),
    sure: fitsWatts(facts, boards.hashrateHs),
  }
}

/** An average must support the boards: after a rest they are fast before a figure of some seconds is, and the averages are low. */
function belowBoards(
  facts: AsicFacts,
  atOnce: readonly Known[],
  others: readonly Known[],
): Apart | undefined {
  const { hashrateHs: nowHs = 0 } = facts
  const boards = atOnce.find(
    ({ hashrateHs }) => hashrateHs > APART * nowHs && hashrateHs < UNIT_APART * nowHs,
  )
  if (!boards || !atOnce.every((other) => isLike(other.hashrateHs, boards.hashrateHs))) return undefined
  const support = others.filter((other) => isLike(other.hashrateHs, boards.hashrateHs))
  if (support.length === 0) return undefined
  return {
    hashrateHs: boards.hashrateHs,
    against: listed([boards, ...support]),
    sure: fitsWatts(facts, boards.hashrateHs),
  }
}

/** Whether the watts of the reply make so much by the rated efficiency of the model; false where either is unknown. */
function fitsWatts({ power, model }: AsicFacts, hs: number): boolean {
  const rated = ratingOf(model)
  const part = rated && power ? power.powerW / ((efficiencyOf(rated) * hs) / 1e12) : 0
  return part > 1 / FITS_RATED && part < FITS_RATED
}

function belowMinute(nowHs: number, averages: readonly Known[]): Apart | undefined {
  const minute = averages.find(({ windowS }) => windowS <= SHORT_S)
  const isUnit = nowHs > 0 && (minute?.hashrateHs ?? 0) > UNIT_APART * nowHs
  if (!minute || minute.hashrateHs < LOW_APART * nowHs || isUnit) return undefined
  const support = averages.filter((other) => other !== minute && isLike(other.hashrateHs, minute.hashrateHs))
  if (support.length === 0) return undefined
  return { hashrateHs: minute.hashrateHs, against: listed([minute, ...support]), sure: false }
}

/** The facts without an average or an expected hashrate that is far above everything else which its machine tells or is known for. */
function withoutFarAbove(facts: AsicFacts): AsicFacts {
  const { hashrateHs, hashrateAvgHs, expectedHashrateHs, asleep, starting, ramping } = facts
  const rating = ratingOf(facts.model)
  if (!hashrateHs || !rating || asleep || starting || ramping) return facts
  const boardsHs = boardsOf(facts).hashrateHs
  const others = [hashrateHs, boardsHs ?? 0, rating.hashrateThs * 1e12]
  const isFar = (hs: number | undefined, another: number | undefined): hs is number => {
    const most = Math.max(...others, another ?? 0)
    return hs !== undefined && hs > FAR_ABOVE * most && hs < UNIT_APART * most
  }
  const note = (what: string, hs: number) =>
    `its ${what} of ${showHashrate(hs)} is ignored: it makes ${showHashrate(hashrateHs)}, and its model is rated at about ${rating.hashrateThs} TH/s; check its own page`
  const far = {
    average: isFar(hashrateAvgHs, expectedHashrateHs),
    expected: isFar(expectedHashrateHs, hashrateAvgHs),
  }
  if (!far.average && !far.expected) return facts
  return {
    ...facts,
    ...(far.average && { hashrateAvgHs: undefined }),
    ...(far.expected && { expectedHashrateHs: undefined }),
    notes: [
      ...(far.average ? [note('average hashrate', hashrateAvgHs ?? 0)] : []),
      ...(far.expected ? [note('expected hashrate', expectedHashrateHs ?? 0)] : []),
      ...(facts.notes ?? []),
    ],
  }
}

const EXPECTED = 'its expected hashrate'

const isLike = (hs: number, otherHs: number): boolean => hs < APART * otherHs && otherHs < APART * hs
