import { every, type Timer } from '../../protocol/kit/timers.ts'

const LOOK_MS = 5_000
/** After this time without the broker another collector may take the site soon. */
const AWAY_MS = 4 * 60_000

export interface AwayWatchOptions {
  /** a clock that never steps and goes on while the program or the computer is halted, ms */
  steadyMs: () => number
  /** whether the broker is reached; undefined where this collector does not use it now */
  isReached(): boolean | undefined
  onAway(): void
}

/**
 * Notices that the collector was cut off from the broker, or halted, for about as long as another one waits before it takes the site. It
 * compares times at each look, so that it sees at its first look whether the program was halted.
 */
export class AwayWatch {
  readonly #o: AwayWatchOptions
  /** when the broker was known to be reached last */
  #reachedMs: number
  #timer: Timer | undefined

  constructor(options: AwayWatchOptions) {
    this.#o = options
    this.#reachedMs = options.steadyMs()
  }

  start(): void {
    this.#timer = every(LOOK_MS, () => this.look())
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** The collector connects now. */
  begin(): void {
    this.#reachedMs = this.#o.steadyMs()
  }

  look(): void {
    const now = this.#o.steadyMs()
    const isReached = this.#o.isReached()
    const isAway = isReached !== undefined && now - this.#reachedMs > AWAY_MS
    if (isReached !== false || isAway) this.#reachedMs = now
    if (isAway) this.#o.onAway()
  }
}
