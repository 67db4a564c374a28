import type { Judged } from './judge.ts'
import type { Supplies } from './supplies.ts'

/** A total and its supplies differ by this factor for good only where one of them is of something else: losses are at most a third. */
const FINE = 1.3
/** By this factor it is judged sooner: a load may leap between two readings of a BMC, but not each time. */
const GROSS = 1.6
/** W more, for each machine and for each supply: sensors of 8 bits move in steps of up to 16 W. */
const SLACK_W = 30
const SLACK_PER_SUPPLY_W = 15
/** Comparisons in a row on the same side, after which a total is not used. */
const FINE_IN_A_ROW = 6
/** The same where the factor is gross, once the two have agreed. Before that the first one says it. */
const GROSS_IN_A_ROW = 3
/** Two equal nodes on shared supplies differ by twice; below this it is one machine of which the total lacks a part. */
const SHARED = 1.8
/** A total that agrees is compared again after this, or sooner where it has moved by this factor. */
const AGAIN_MS = 10 * 60_000
const MOVED = 1.5
const MOVED_AGAIN_MS = 60_000

/** On which side of its supplies a total is. */
type Side = 'above' | 'below'

/** What a comparison says. Neither: the total is used. */
export interface TotalVerdict extends Judged {
  /** the supplies may feed other machines too, so nothing says which figure is right */
  unclear?: string
}

/**
 * Holds a machine's total against what its own supplies draw. The total is the worse of the two: a firmware shows there what a GPU
 * baseboard, an enclosure or a rack draws, or a figure of another scale, while each supply measures itself. A load that leaps between the
 * two readings is none of that, so they must disagree several times in a row, unless they have never agreed.
 */
export class TotalCheck {
  #agreedW: number | undefined
  #comparedAtMs = Number.NEGATIVE_INFINITY
  #side: Side | undefined
  #fine = 0
  #gross = 0
  #isRefused = false
  /** it was once so far below that only shared supplies or a wrong total explain it */
  #looksShared = false

  /** Whether the supplies should be read for this total. @param nowMs a steady clock */
  isDue(powerW: number, nowMs: number): boolean {
    if (this.#agreedW === undefined || this.#side !== undefined) return true
    const sinceMs = nowMs - this.#comparedAtMs
    const hasMoved = powerW > MOVED * this.#agreedW || powerW * MOVED < this.#agreedW
    return sinceMs >= AGAIN_MS || (hasMoved && sinceMs >= MOVED_AGAIN_MS)
  }

  /** The supplies could not be read: they are asked again later. @param nowMs a steady clock */
  unanswered(powerW: number, nowMs: number): void {
    this.#agreedW ??= powerW
    this.#comparedAtMs = nowMs
  }

  /**
   * @param powerW the total
   * @param mayBeShared nothing says that the supplies feed this machine alone
   * @param name of the total, for the message
   * @param nowMs a steady clock
   */
  compare(
    powerW: number,
    supplies: Supplies,
    { name, mayBeShared, nowMs }: { name: string; mayBeShared: boolean; nowMs: number },
  ): TotalVerdict {
    this.#comparedAtMs = nowMs
    const side = sideOf(powerW, supplies, FINE)
    if (side === undefined) {
      this.#agreedW = powerW
      this.#side = undefined
      this.#fine = this.#gross = 0
      this.#isRefused = false
      return {}
    }
    if (side !== this.#side) {
      this.#fine = this.#gross = 0
      this.#isRefused = false
    }
    this.#side = side
    this.#fine++
    this.#gross = sideOf(powerW, supplies, GROSS) === side ? this.#gross + 1 : 0
    const atLeast = this.#agreedW === undefined ? 1 : GROSS_IN_A_ROW
    this.#isRefused ||= this.#fine >= FINE_IN_A_ROW || this.#gross >= atLeast
    if (!this.#isRefused) return {}
    const both = `${Math.round(powerW)} W, beside ${Math.round(supplies.inputW)} W of ${supplies.name}`
    this.#looksShared ||= powerW * SHARED < supplies.inputW
    return side === 'below' && mayBeShared && this.#looksShared
      ? { unclear: `${name} of ${both}, which may feed other machines too` }
      : { refused: both }
  }
}

function sideOf(powerW: number, { inputW, mostW, count }: Supplies, factor: number): Side | undefined {
  const slackW = SLACK_W + SLACK_PER_SUPPLY_W * count
  if (powerW > factor * mostW + slackW) return 'above'
  return factor * powerW + slackW < inputW ? 'below' : undefined
}
