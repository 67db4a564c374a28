import { JOULES_PER_KWH } from '../../protocol/units.ts'
import type { Disagreement } from './counter-fault.ts'
import { leastW, type ShownPower, type Verdict } from './counter-window.ts'
import { hasNumbers } from './known-evidence.ts'
import { type KnownScale, SparseScale, type SparseTime } from './sparse-scale.ts'
import { areaAboveJ } from './trapezoid.ts'

/** Over a longer time than this the power at both ends says nothing: a site may have been idle at both and busy all night. */
const SPARSE_AT_MOST_MS = 61 * 60_000
/**
 * A load may be high only between the readings, so a counter has too much where it grew by this many times the highest power that
 * was ever seen, and too little where it grew by this part of the lower power at both ends.
 */
const MORE_FACTOR = 8
const LESS_FACTOR = 3
/**
 * Times of a stretch that disagree the same way. A load that comes and goes by chance is met in both states within so many readings: one
 * that is high for a fifth of the time is missed by all of them once in 200, and once in 40,000 times. Of too little each time is met high
 * at both ends.
 */
const TO_REFUSE = { less: 24, more: 48 } as const
/** From here on the counter is kept back; what it has counted is told once the stretch as a whole agrees. */
const TO_KEEP_BACK = 2
/** Times in a row that agree, after which a counter that an earlier run refused is used again. */
const TO_TRUST = 6
/** A counter that should have made fewer steps may stand still. */
const STEPS = 4
/** One that has moved less often may have larger steps than were seen; it may stand while its power makes this much. */
const MOVES = 3
const STANDS_AT_MOST_J = 200 * JOULES_PER_KWH

/** Times together: how long they are, and both energies. */
interface Sum {
  readonly times: number
  readonly ms: number
  readonly countedJ: number
  readonly drawnJ: number
  readonly backJ: number
}
const NOTHING: Sum = { times: 0, ms: 0, countedJ: 0, drawnJ: 0, backJ: 0 }
const SUMS = Object.keys(NOTHING)

/** What the times so far have shown, for the next run of the agent. JSON. */
export interface KnownTimes {
  /** absent: no stretch has begun */
  doubt?: { than: 'more' | 'less'; disagreed: number; stretch: Sum }
  /** absent: the counter has moved, or made nothing meanwhile */
  standing?: Sum
  /** absent: the polls are not sparse */
  scale?: KnownScale
}

/** What the times so far say together. */
export interface SparseJudgement {
  /** the counter is of something else: which way, and both energies since the first time that disagreed, J and ms */
  refused?: Disagreement
  /** true: the counter is kept back, because it may be */
  keptBack?: true
  /** true: it agreed often enough in a row to be used, also where an earlier run refused it */
  trusted?: true
}

/**
 * A counter that is read more than some minutes apart: each time between two readings is held against the power at its ends. A single
 * time says little, because the readings meet a load that comes and goes at moments of their own choice: from two that meet it the
 * time between is not known. So a time that disagrees begins a stretch, and the stretch lasts until all of its times together agree, those
 * included that alone say nothing: over them the power is met in each state as often as the counter counts it. Many times that disagree
 * within one stretch say that the counter is of something else.
 */
export class SparsePolls {
  /** the stretch, and how many of its times disagreed by themselves */
  #than: Verdict
  #stretch = NOTHING
  #disagreed = 0
  /** since the last time that disagreed */
  #agreed = NOTHING
  #moves = 0
  /** since the counter last moved */
  #standing = NOTHING
  readonly #scale: SparseScale

  /** @param known as `known` of an earlier run was; anything else is taken for nothing */
  constructor(known?: unknown) {
    const { doubt, standing, scale } = (known ?? {}) as Partial<Record<keyof KnownTimes, unknown>>
    this.#scale = new SparseScale(scale)
    if (hasNumbers(standing, SUMS)) this.#standing = standing as Sum
    if (!hasNumbers(doubt, ['disagreed'])) return
    const { than, disagreed, stretch } = doubt as Record<string, unknown>
    if ((than !== 'more' && than !== 'less') || !hasNumbers(stretch, SUMS)) return
    this.#than = than
    this.#disagreed = disagreed as number
    this.#stretch = stretch as Sum
  }

  /** What the next run of the agent should know, so that what is kept back now is not told by its first reading; undefined: nothing. */
  get known(): KnownTimes | undefined {
    const than = this.#than
    const isStanding = this.#standing.drawnJ > 0
    const scale = this.#scale.known
    if (than === undefined && !isStanding && !scale) return undefined
    return {
      ...(than !== undefined && { doubt: { than, disagreed: this.#disagreed, stretch: this.#stretch } }),
      ...(isStanding && { standing: this.#standing }),
      ...(scale && { scale }),
    }
  }

  /** Whether what the counter counts is not told for now. */
  get keepsBack(): boolean {
    return this.#disagreed >= TO_KEEP_BACK
  }

  /** That the counter is off by less than refuses it; undefined: as far as is known it is not. */
  get told(): string | undefined {
    return this.#scale.told
  }

  /** Nothing before this is in doubt. */
  end(): void {
    this.#start(undefined)
    this.#scale.end()
    this.#agreed = this.#standing = NOTHING
  }

  /** Takes a time between two readings. */
  take(time: SparseTime, shown: ShownPower): SparseJudgement {
    // the load that explains the counter was met, if that one reading was true: it is not refused before as many more have missed it
    if (this.#than === 'more' && (time.unsureW ?? 0) > shown.mostW)
      this.#disagreed = Math.min(this.#disagreed, TO_KEEP_BACK)
    if (time.elapsedMs > SPARSE_AT_MOST_MS) return this.#said(time.stepJ)
    this.#scale.take(time, shown)
    if (time.grownJ > 0) this.#moves++
    this.#standing = time.grownJ > 0 ? NOTHING : plus(this.#standing, time)
    if (this.#standing.drawnJ > STANDS_AT_MOST_J) return { refused: disagreement('less', this.#standing) }
    const mayStand = time.grownJ === 0 && this.#moves < MOVES
    const verdict = mayStand ? 'unknown' : verdictOf(time, shown)
    if (this.#than !== undefined) this.#stretch = plus(this.#stretch, time)
    if (!disagrees(this.#than, this.#stretch, time.stepJ, shown)) this.#start(undefined)
    if (verdict === 'more' || verdict === 'less') {
      if (this.#than === undefined) {
        this.#start(verdict)
        this.#stretch = plus(NOTHING, time)
      }
      if (this.#than === verdict) this.#disagreed++
      this.#agreed = NOTHING
    } else if (verdict === undefined) this.#agreed = plus(this.#agreed, time)
    return this.#said(time.stepJ)
  }

  #said(stepJ: number): SparseJudgement {
    if (this.#than !== undefined && this.#disagreed >= TO_REFUSE[this.#than])
      return { refused: disagreement(this.#than, this.#stretch) }
    if (this.keepsBack) return { keptBack: true }
    const { countedJ, drawnJ } = this.#agreed
    const isNear =
      countedJ + 2 * stepJ >= drawnJ / LESS_FACTOR && countedJ <= LESS_FACTOR * drawnJ + 2 * stepJ
    return this.#agreed.times >= TO_TRUST && isNear ? { trusted: true } : {}
  }

  #start(than: Verdict): void {
    this.#than = than
    this.#stretch = NOTHING
    this.#disagreed = 0
  }
}

const plus = (sum: Sum, { elapsedMs, fromW, toW, grownJ, backJ = 0 }: SparseTime): Sum => ({
  times: sum.times + 1,
  ms: sum.ms + elapsedMs,
  countedJ: sum.countedJ + grownJ,
  drawnJ: sum.drawnJ + areaAboveJ(fromW, toW, elapsedMs),
  backJ: sum.backJ + backJ,
})

const disagreement = (than: 'more' | 'less', { countedJ, drawnJ, ms }: Sum): Disagreement => ({
  than,
  countedJ,
  drawnJ,
  ms,
})

/** Whether the times of a stretch together still disagree as its first one did. */
function disagrees(than: Verdict, sum: Sum, stepJ: number, shown: ShownPower): boolean {
  if (than === undefined) return false
  return than === 'more' ? isMore(sum, stepJ, shown) : sum.countedJ + 2 * stepJ < sum.drawnJ / LESS_FACTOR
}

/** Whether no load makes it, however it came and went. */
const isMore = ({ ms, countedJ, backJ }: Sum, stepJ: number, shown: ShownPower): boolean =>
  countedJ - backJ > ((MORE_FACTOR * shown.mostW + leastW(shown)) * ms) / 1000 + 2 * stepJ

/** Over one such time nothing else can be said than that no meter shows a thousandth of its load at all other times. */
const ONE_GAP_FACTOR = 1000
/** J. More than that no counter makes in one time without readings. */
export const mostOverGapJ = ({ mostW }: ShownPower, elapsedMs: number, stepJ: number): number =>
  (ONE_GAP_FACTOR * Math.max(mostW, 1000) * elapsedMs) / 1000 + 2 * stepJ

function verdictOf(time: SparseTime, shown: ShownPower): Verdict | 'unknown' {
  const { elapsedMs, fromW, toW, grownJ, stepJ, backJ = 0 } = time
  // a power that has shown nothing but 0 is no measure of a counter that goes on alone
  if (shown.mostW === 0 && backJ === 0) return 'unknown'
  if (isMore(plus(NOTHING, time), stepJ, shown)) return 'more'
  const endsW = Math.min(fromW, toW)
  const leastJ = (endsW * elapsedMs) / 1000
  if (leastJ < LESS_FACTOR * STEPS * stepJ || endsW < 2 * leastW(shown)) return 'unknown'
  return grownJ + 2 * stepJ < leastJ / LESS_FACTOR ? 'less' : undefined
}
