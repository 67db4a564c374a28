import { JOULES_PER_KWH } from '../../protocol/units.ts'
import type { Disagreement } from './counter-fault.ts'
import { leastW, type ShownPower, type Verdict } from './counter-window.ts'

/** Over a longer time than this the power at both ends says nothing: a site may have been idle at both and busy all night. */
const SPARSE_AT_MOST_MS = 61 * 60_000
/**
 * A load may be high only between the readings, so a counter has too much where it grew by this many times the highest power that
 * was ever seen, and too little where it grew by this part of the lower power at both ends.
 */
const MORE_FACTOR = 8
const LESS_FACTOR = 3
/** Times in a row that disagree the same way. A load that comes and goes by chance is met in both states within so many readings. */
const TO_REFUSE = 24
/** From here on in a row the counter is kept back; what it has counted is told once it agrees. */
const TO_KEEP_BACK = 2
/** Times in a row that agree, after which a counter that an earlier run refused is used again. */
const TO_TRUST = 6
/** A counter that should have made fewer steps may stand still. */
const STEPS = 4
/** One that has moved less often may have larger steps than were seen; it may stand while its power makes this much. */
const MOVES = 3
const STANDS_AT_MOST_J = 200 * JOULES_PER_KWH

/** A time between two readings. */
export interface SparseTime {
  elapsedMs: number
  /** W at both ends, in the counter's direction */
  fromW: number
  toW: number
  /** J by the counter */
  grownJ: number
  /** J of a step of the counter */
  stepJ: number
}

const NOTHING = { drawnJ: 0, ms: 0 } as const

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
 * time says little; many in a row that disagree the same way say that the counter is of something else.
 */
export class SparsePolls {
  #than: Verdict
  #inARow = 0
  #agreed = 0
  #moves = 0
  /** since the counter last moved: J by its power, and ms */
  #standing: { drawnJ: number; ms: number } = NOTHING
  #countedJ = 0
  #drawnJ = 0
  #ms = 0

  /** Readings are close together again. */
  end(): void {
    this.#start(undefined)
    this.#agreed = 0
    this.#standing = NOTHING
  }

  /** Takes a time between two readings. */
  take(time: SparseTime, shown: ShownPower): SparseJudgement {
    if (time.elapsedMs > SPARSE_AT_MOST_MS) return {}
    const drawnJ = (((time.fromW + time.toW) / 2) * time.elapsedMs) / 1000
    if (time.grownJ > 0) this.#moves++
    const { drawnJ: stoodJ, ms } = this.#standing
    this.#standing =
      time.grownJ > 0 ? NOTHING : { drawnJ: stoodJ + Math.max(0, drawnJ), ms: ms + time.elapsedMs }
    if (this.#standing.drawnJ > STANDS_AT_MOST_J)
      return { refused: { than: 'less', countedJ: 0, ...this.#standing } }
    const mayStand = time.grownJ === 0 && this.#moves < MOVES
    const verdict = mayStand ? 'unknown' : verdictOf(time, shown)
    // nothing to hold a low counter against; it is not too high
    if (verdict === 'unknown') {
      if (this.#than === 'more') this.#start(undefined)
      return this.#inARow >= TO_KEEP_BACK ? { keptBack: true } : {}
    }
    if (verdict !== this.#than) this.#start(verdict)
    if (verdict === undefined) return ++this.#agreed >= TO_TRUST ? { trusted: true } : {}
    this.#agreed = 0
    this.#inARow++
    this.#countedJ += time.grownJ
    this.#drawnJ += drawnJ
    this.#ms += time.elapsedMs
    if (this.#inARow >= TO_REFUSE)
      return {
        refused: { than: verdict, countedJ: this.#countedJ, drawnJ: this.#drawnJ, ms: this.#ms },
      }
    return this.#inARow >= TO_KEEP_BACK ? { keptBack: true } : {}
  }

  #start(than: Verdict): void {
    this.#than = than
    this.#inARow = this.#countedJ = this.#drawnJ = this.#ms = 0
  }
}

function verdictOf(time: SparseTime, shown: ShownPower): Verdict | 'unknown' {
  const { elapsedMs, fromW, toW, grownJ, stepJ } = time
  const seconds = elapsedMs / 1000
  if (grownJ > (MORE_FACTOR * shown.mostW + leastW(shown)) * seconds + 2 * stepJ) return 'more'
  const leastJ = Math.min(fromW, toW) * seconds
  if (leastJ < LESS_FACTOR * STEPS * stepJ || Math.min(fromW, toW) < 2 * leastW(shown)) return 'unknown'
  return grownJ + 2 * stepJ < leastJ / LESS_FACTOR ? 'less' : undefined
}
