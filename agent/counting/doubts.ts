/** Readings in a row that can't be true, after which what came since the last good one is never booked: not after a gap, nor a restart. */
const MANY = 3

/** Readings of a counter that can't be true: those that fell, and those that grew by more or less than their power can make. */
export class Doubts {
  /** in a row */
  #lows = 0
  #odd = 0
  /** whether the first of them came after a gap */
  #overGap = false

  /** Whether the last readings grew by what their power can't make. */
  get any(): boolean {
    return this.#odd > 0
  }

  /** Whether they have done so since a time without readings, which may hold the true growth. */
  get sinceGap(): boolean {
    return this.#odd > 0 && this.#overGap
  }

  /** The last reading did not fall. */
  risen(): void {
    this.#lows = 0
  }

  /** A reading is true. */
  end(): void {
    this.#odd = 0
  }

  /**
   * Takes a reading that its power can't make.
   * @param isGone it is below the one before, which was a single wild one
   * @returns `first`: it may be gone with the next reading; `many`: it stays
   */
  add(gap: boolean, isGone: boolean): 'first' | 'some' | 'many' {
    this.#odd = isGone ? 1 : this.#odd + 1
    if (this.#odd === 1) {
      this.#overGap = gap
      return 'first'
    }
    return this.#odd === MANY ? 'many' : 'some'
  }

  /**
   * Takes a reading that is below the last good one.
   * @param notBelowTheLast it is not below the reading before it
   * @returns whether the counter really began again: `since now`, or at some moment of a time without readings; undefined: it may be gone with the next
   */
  fell(gap: boolean, notBelowTheLast: boolean): 'since now' | 'in a gap' | undefined {
    this.#overGap = gap || (this.#lows > 0 && this.#overGap)
    const risesAgain = this.#lows > 0 && notBelowTheLast
    this.#lows = risesAgain ? 0 : this.#lows + 1
    if (!risesAgain) return undefined
    return this.#overGap ? 'in a gap' : 'since now'
  }
}
