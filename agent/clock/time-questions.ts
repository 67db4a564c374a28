import { encodeIntervals, type IntervalBatch, type IntervalMessage } from '../../protocol/interval.ts'
import type { Clock } from '../../protocol/kit/clock.ts'

/** How often the collector is asked for its time: while the clocks don't agree or that is not known, and while they do. */
const HELD_MS = 5_000
const AGREED_MS = 60_000

export interface TimeQuestionsOptions {
  /** which life of the spool asks; its ancestors are not named, so that no answer tells of their records */
  life: () => Pick<IntervalBatch, 'epoch' | 'life'>
  /** @returns whether the message was handed to the connection */
  send: (message: IntervalMessage) => boolean
  clock: Clock
}

/**
 * Asks the collector for its time by an interval message without records, which collectors of every version answer like any other. It
 * names the begin of the epoch, so that the answer acknowledges no more than the collector has.
 */
export class TimeQuestions {
  readonly #o: TimeQuestionsOptions
  #askedSteadyMs = Number.NEGATIVE_INFINITY

  constructor(options: TimeQuestionsOptions) {
    this.#o = options
  }

  /** Asks now. */
  ask(): void {
    const { life, send, clock } = this.#o
    const { wallMs, steadyMs } = clock.now()
    const batch = { ...life(), firstSeq: 1, oldestSeq: 1, intervals: [] }
    if (send(encodeIntervals(batch, Math.max(0, Math.round(wallMs))))) this.#askedSteadyMs = steadyMs
  }

  /** Asks again when it is time. Call it every second. @param holds whether records wait for the answer */
  beat(holds: boolean): void {
    if (this.#o.clock.now().steadyMs - this.#askedSteadyMs >= (holds ? HELD_MS : AGREED_MS)) this.ask()
  }

  /** An answer came, to a question or to records. */
  answered(): void {
    this.#askedSteadyMs = this.#o.clock.now().steadyMs
  }
}
