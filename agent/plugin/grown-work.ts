/** The polls in which it grew most are left out of what is refused: after an interruption a pool accepts what waited in one go. */
const BURSTS = 2

/** Its sums, for the next session. JSON. */
export interface KnownGrowth {
  counted: number
  grown: number
  squares: number
  bursts: { work: number; square: number }[]
}

/** By how much a counter of accepted work grew in a time, and in shares of which size. */
export class GrownWork {
  /** difficulty-1 shares */
  counted = 0
  /** polls in which the counter grew, without those of the bursts */
  grown = -BURSTS
  #squares = 0
  readonly #bursts: KnownGrowth['bursts'] = []

  /** @param known sums of an earlier session, to go on from */
  constructor(known?: KnownGrowth) {
    if (!known) return
    this.counted = known.counted
    this.grown = known.grown
    this.#squares = known.squares
    this.#bursts.push(...known.bursts)
  }

  get known(): KnownGrowth {
    const { counted, grown } = this
    return { counted, grown, squares: this.#squares, bursts: [...this.#bursts] }
  }

  /**
   * @param work difficulty-1 shares of one poll
   * @param shares how many shares of the pool's difficulty they are; 0 where those are not counted
   */
  add(work: number, shares: number): void {
    if (work <= 0) return
    const square = (work * work) / Math.max(1, shares)
    this.counted += work
    this.grown++
    this.#squares += square
    this.#bursts.push({ work, square })
    if (this.#bursts.length <= BURSTS) return
    this.#bursts.sort((a, b) => b.work - a.work)
    this.#bursts.pop()
  }

  /** As how many shares of one size the work varies: where the pool's difficulty changes, the large ones decide. */
  get shares(): number {
    return this.counted > 0 ? (this.counted * this.counted) / this.#squares : 0
  }

  /** The same without its bursts; no share where nothing is left. */
  get steady(): { counted: number; shares: number } {
    let [counted, squares] = [this.counted, this.#squares]
    for (const { work, square } of this.#bursts) {
      counted -= work
      squares -= square
    }
    return squares > 0 ? { counted, shares: (counted * counted) / squares } : { counted: 0, shares: 0 }
  }
}
