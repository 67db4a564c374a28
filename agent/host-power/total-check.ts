import type { Judged } from './judge.ts'
import type { Supplies } from './supplies.ts'

/** A total and its supplies differ by this factor for good only where one of them is of something else: losses are at most a third. */
const FINE = 1.3
/** By this factor it is judged sooner: a load may leap between two readings of a BMC, but not each time. */
const GROSS = 1.6
/** W more, for each machine and for each supply: sensors of 8 bits move in steps of up to 16 W. */
const SLACK_W = 30
const SLACK_PER_SUPPLY_W = 15
/** Comparisons in a row on the same side, after which a total is not used; where the factor is gross, the first one says it. */
const FINE_IN_A_ROW = 6
/**
 * Once the two have agreed, the disagreement must last so long too: a firmware's figure of a supply can be some minutes old, and the load
 * leaps.
 */
const FINE_FOR_MS = 10 * 60_000
const GROSS_FOR_MS = 3 * 60_000
const GROSS_IN_A_ROW = 3
/** Two equal nodes on shared supplies differ by twice; below this it is one machine of which the total lacks a part. */
const SHARED = 1.8
/** A total that agrees is compared again after this, or sooner where it has moved by this factor. */
const AGAIN_MS = 10 * 60_000
const MOVED = 1.5
const MOVED_AGAIN_MS = 60_000
/** Supplies that did not answer are asked again after this; where they never do, after twice as long each time, up to AGAIN_MS. */
const SILENT_AGAIN_MS = 10_000

/** On which side of its supplies a total is. */
type Side = 'above' | 'below'

/** What a comparison says. Neither: the total is used. */
export interface TotalVerdict extends Judged {
  /** the supplies may feed other machines too, so nothing says which figure is right */
  unclear?: string
}

/** What a check of a total has taught, for the next run of the agent: why the total is not used. JSON. */
export type KnownTotal = Pick<TotalVerdict, 'refused' | 'unclear'>

/**
 * Holds a machine's total against what its own supplies draw. The total is the worse of the two: a firmware shows there what a GPU
 * baseboard, an enclosure or a rack draws, or a figure of another scale, while each supply measures itself. A load that leaps between the
 * two readings is none of that, so they must disagree several times in a row, unless they have never agreed.
 */
export class TotalCheck {
  #agreedW: number | undefined
  #comparedAtMs = Number.NEGATIVE_INFINITY
  #side: Side | undefined
  /** comparisons in a row on this side, and since when; those by a gross factor are counted on their own */
  #fine: Run = NONE
  #gross: Run = NONE
  /** comparisons in a row that agree, since the total was refused */
  #agreeing: Run = NONE
  /** why the total is not used where its supplies do not agree with it at this moment */
  #standing: KnownTotal | undefined
  /** times in a row that the supplies said nothing */
  #silences = 0
  /** true once the total was so far below the sum of its supplies that they feed other machines too, or the total is wrong */
  #looksShared = false

  /** @param known what an earlier run of the agent has learnt */
  constructor(known: unknown = undefined) {
    const { refused, unclear } = (known ?? {}) as Partial<Record<keyof KnownTotal, unknown>>
    if (typeof refused === 'string') this.#standing = { refused }
    else if (typeof unclear === 'string') this.#standing = { unclear }
  }

  /** What the next run of the agent should know; undefined: nothing. */
  get known(): KnownTotal | undefined {
    return this.#standing
  }

  /** Whether the supplies should be read for this total. @param nowMs a steady clock */
  isDue(powerW: number, nowMs: number): boolean {
    if (this.#standing !== undefined || this.#side !== undefined) return true
    const sinceMs = nowMs - this.#comparedAtMs
    if (this.#agreedW === undefined)
      return (
        this.#silences === 0 || sinceMs >= Math.min(AGAIN_MS, SILENT_AGAIN_MS * 2 ** (this.#silences - 1))
      )
    const hasMoved = powerW > MOVED * this.#agreedW || powerW * MOVED < this.#agreedW
    return sinceMs >= AGAIN_MS || (hasMoved && sinceMs >= MOVED_AGAIN_MS)
  }

  /** The supplies say nothing: what was known of the total stands, and they are asked again later. @param nowMs a steady clock */
  unanswered(nowMs: number): TotalVerdict {
    this.#comparedAtMs = nowMs
    this.#silences++
    return this.#standing ?? {}
  }

  /**
   * @param powerW the total
   * @param mayBeShared nothing says that the supplies feed this machine alone
   * @param feedOthers where a total below the supplies says nothing, because they feed other machines too
   * @param name of the total, for the message
   * @param nowMs a steady clock
   */
  compare(
    powerW: number,
    supplies: Supplies,
    {
      name,
      mayBeShared,
      feedOthers = false,
      nowMs,
    }: { name: string; mayBeShared: boolean; feedOthers?: boolean; nowMs: number },
  ): TotalVerdict {
    const side = sideOf(powerW, supplies, FINE)
    if (side === 'below' && feedOthers) return this.unanswered(nowMs)
    this.#comparedAtMs = nowMs
    this.#silences = 0
    if (side === undefined) {
      this.#agrees(powerW, nowMs)
      return {}
    }
    this.#agreeing = NONE
    if (side !== this.#side) this.#fine = this.#gross = NONE
    this.#side = side
    this.#fine = goingOn(this.#fine, nowMs)
    this.#gross = sideOf(powerW, supplies, GROSS) === side ? goingOn(this.#gross, nowMs) : NONE
    if (this.#standing === undefined && !this.#lasts(nowMs)) return {}
    const both = `${Math.round(powerW)} W, beside ${Math.round(supplies.inputW)} W of ${supplies.name}`
    this.#looksShared ||= powerW * SHARED < supplies.inputW
    this.#standing =
      side === 'below' && mayBeShared && this.#looksShared
        ? { unclear: `${name} of ${both}, which other machines may share` }
        : { refused: both }
    return this.#standing
  }

  #agrees(powerW: number, nowMs: number): void {
    this.#side = undefined
    this.#fine = this.#gross = NONE
    this.#agreeing = goingOn(this.#agreeing, nowMs)
    const { count, sinceMs } = this.#agreeing
    if (this.#standing !== undefined && (count < FINE_IN_A_ROW || nowMs - sinceMs < FINE_FOR_MS)) return
    this.#standing = undefined
    this.#agreedW = powerW
  }

  /** Whether the disagreement has lasted. */
  #lasts(nowMs: number): boolean {
    const hasAgreed = this.#agreedW !== undefined
    const lasts = (run: Run, count: number, ms: number) =>
      run.count >= count && (!hasAgreed || nowMs - run.sinceMs >= ms)
    return (
      lasts(this.#fine, FINE_IN_A_ROW, FINE_FOR_MS) ||
      lasts(this.#gross, hasAgreed ? GROSS_IN_A_ROW : 1, GROSS_FOR_MS)
    )
  }
}

interface Run {
  count: number
  sinceMs: number
}
const NONE: Run = { count: 0, sinceMs: 0 }
const goingOn = ({ count, sinceMs }: Run, nowMs: number): Run =>
  count === 0 ? { count: 1, sinceMs: nowMs } : { count: count + 1, sinceMs }

function sideOf(powerW: number, { inputW, mostW, count }: Supplies, factor: number): Side | undefined {
  const slackW = SLACK_W + SLACK_PER_SUPPLY_W * count
  if (powerW > factor * mostW + slackW) return 'above'
  return factor * powerW + slackW < inputW ? 'below' : undefined
}
