/** When a person decided something, and the name under which the audit trail keeps it. */
export interface Act {
  id: string
  /** Unix ms */
  atMs: number
}

/**
 * What people decide, one act at a time: each sees what the one before it left. The times of their acts rise with their order, also within a
 * millisecond and where the clock is set back, so that the newest act of an audit trail is the one that holds.
 */
export class Acts {
  readonly #nowMs: () => number
  #turn: Promise<unknown> = Promise.resolve()
  #lastMs = Number.NEGATIVE_INFINITY
  #acts = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** An act of an earlier run: those to come are later. */
  after({ atMs }: Pick<Act, 'atMs'>): void {
    this.#lastMs = Math.max(this.#lastMs, atMs)
  }

  /** Time and name of the next act. */
  next(): Act {
    const atMs = Math.max(this.#nowMs(), this.#lastMs + 1)
    this.#lastMs = atMs
    return { id: `${new Date(atMs).toISOString()}-${++this.#acts}`, atMs }
  }

  /** Runs an act when those before it have ended, well or not. */
  one<T>(act: (act: Act) => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => act(this.next()))
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}
