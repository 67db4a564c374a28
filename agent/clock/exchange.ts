import type { Instant } from '../../protocol/kit/clock.ts'

/** Messages that may wait for their answer; older ones are forgotten. */
const KEPT = 64

/** How the collector's clock stands to the agent's, by one message and its answer. */
export interface Offset {
  /** collector's clock minus the agent's, ms */
  offsetMs: number
  /** from sending to the answer, by the clock that never steps; the offset is right to half of it */
  roundTripMs: number
  /** stretch of the agent's clock in which both happened */
  stretch: number
}

/** Measures the clock offset as NTP does (RFC 5905): when a message was sent, when it was taken, when its answer came. */
export class ClockExchange {
  /** by the time that the message says */
  readonly #sent = new Map<number, { steadyMs: number; stretch: number }>()

  sent(sentAtMs: number, steadyMs: number, stretch: number): void {
    this.#sent.delete(sentAtMs)
    this.#sent.set(sentAtMs, { steadyMs, stretch })
    for (const oldest of this.#sent.keys()) {
      if (this.#sent.size <= KEPT) break
      this.#sent.delete(oldest)
    }
  }

  /**
   * @param atMs collector's clock, halfway between the message's arrival and the answer
   * @returns undefined where the answer is to none of the messages, or the agent's clock was set meanwhile
   */
  answered(echoSentAtMs: number, atMs: number, now: Instant, stretch: number): Offset | undefined {
    const sent = this.#sent.get(echoSentAtMs)
    if (!sent || sent.stretch !== stretch) return undefined
    const roundTripMs = Math.max(0, now.steadyMs - sent.steadyMs)
    return { offsetMs: Math.round(atMs - (now.wallMs - roundTripMs / 2)), roundTripMs, stretch }
  }
}
