import { every, type Timer } from '../timers.ts'
import { Histogram } from './histogram.ts'

/** Fifty looks a second cost less than a thousandth of a core. */
const STEP_MS = 20
const BOUNDS_S = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]
/** A longer halt is one of the whole computer. It is counted as this long, so that waking up is no long loop. */
const LONGEST_MS = 60_000

/**
 * How late the event loop calls what is due, s: what a message that came at any moment would have waited. A halt is counted once for
 * each moment that it covers, as HdrHistogram corrects for coordinated omission: a halt of 1 s among calls of 20 ms weighs 50 calls.
 */
export class EventLoopDelay {
  readonly histogram = new Histogram(BOUNDS_S)
  readonly #steadyMs: () => number
  #timer: Timer | undefined
  #lookedMs = 0

  /** @param steadyMs a clock that never steps */
  constructor(steadyMs = () => performance.now()) {
    this.#steadyMs = steadyMs
  }

  start(): void {
    this.#lookedMs = this.#steadyMs()
    this.#timer = every(STEP_MS, () => this.look()).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Called every 20 ms, or as soon as the event loop gets to it. */
  look(): void {
    const nowMs = this.#steadyMs()
    const lateMs = Math.min(LONGEST_MS, nowMs - this.#lookedMs - STEP_MS)
    this.#lookedMs = nowMs
    this.histogram.observe(Math.max(0, lateMs) / 1000)
    for (let ms = lateMs - STEP_MS; ms > 0; ms -= STEP_MS) this.histogram.observe(ms / 1000)
  }
}
