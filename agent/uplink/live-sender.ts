import { after, type Timer } from '../../protocol/kit/timers.ts'
import { encodeLive, MAX_SAMPLES_PER_MESSAGE, type Sample } from '../../protocol/sample.ts'
import { partsOf } from './fitting.ts'
import type { MessageSize } from './message-size.ts'

/** Between two messages: four a second, which is as often as an eye follows a figure. */
const BETWEEN_MS = 250
/** A larger message is split, so that a collector that reads one of them keeps nobody waiting. 500 devices take about half of it. */
const MOST_BYTES = 128 << 10

export interface LiveSenderOptions {
  /**
   * Tells the collector of new devices where that is due: it drops samples of devices that it does not know. @returns ms until the
   * samples that wait for that can be sent; undefined: none waits
   */
  introduce(): number | undefined
  /** the samples that were read since the last call, of devices that the collector knows */
  take(): Sample[]
  /** sends now, or not at all */
  publish(payload: string): void
  connected(): boolean
  size: Pick<MessageSize, 'liveBytes'>
  /** agent's clock, Unix ms */
  wallMs: () => number
  /** a clock that never steps */
  nowMs: () => number
}

/**
 * Sends what was read since the last message: the first reading at once, and what follows within 250 ms, so that there are at most four
 * messages a second. Only what does not fit into one message, such as more than 500 devices, comes in several. While there is no
 * connection nothing is taken, so each device's newest reading waits.
 */
export class LiveSender {
  readonly #o: LiveSenderOptions
  #sentMs = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  #timerMs = Number.POSITIVE_INFINITY

  constructor(options: LiveSenderOptions) {
    this.#o = options
  }

  /** Something was read, or all is to be sent again. */
  noted(): void {
    const waitMs = this.#sentMs + BETWEEN_MS - this.#nowMs()
    if (waitMs <= 0) this.#send()
    else this.#later(waitMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#timerMs = Number.POSITIVE_INFINITY
  }

  #nowMs(): number {
    return this.#o.nowMs()
  }

  #later(waitMs: number): void {
    const atMs = this.#nowMs() + waitMs
    if (atMs >= this.#timerMs) return
    clearTimeout(this.#timer)
    this.#timerMs = atMs
    // a timer may fire a little early
    this.#timer = after(Math.ceil(waitMs), () => {
      this.stop()
      this.noted()
    })
  }

  #send(): void {
    const { introduce, take, publish, connected, size, wallMs } = this.#o
    if (!connected()) return
    const waitMs = introduce()
    const samples = take()
    if (samples.length > 0) {
      const sentAtMs = wallMs()
      const limits = { maxBytes: Math.min(MOST_BYTES, size.liveBytes), most: MAX_SAMPLES_PER_MESSAGE }
      for (const { payload } of partsOf(samples, (some) => encodeLive(some, sentAtMs), limits))
        publish(payload)
      this.#sentMs = this.#nowMs()
    }
    if (waitMs !== undefined) this.#later(Math.max(waitMs, this.#sentMs + BETWEEN_MS - this.#nowMs()))
  }
}
