import type { AckMessage } from '../../protocol/status.ts'

/** An interval message that was sent, and that no acknowledgement covers yet. */
interface Sent {
  firstSeq: number
  lastSeq: number
  bytes: number
  /** as in the message: an answer names it */
  sentAtMs: number
  steadyMs: number
  /** the collector has it, and could not store it */
  answered?: true
}

/** A connection that ends so soon after a message may have ended because of it. */
const CUT_MS = 5_000

/** The interval messages under way. What the collector answers shows which of them arrived and which were lost. */
export class Flight {
  #sent: Sent[] = []

  get isBusy(): boolean {
    return this.#sent.length > 0
  }

  /** Bytes of the oldest message that nothing is known of. */
  get oldestUnanswered(): number | undefined {
    return this.#sent.find((s) => !s.answered)?.bytes
  }

  sent(message: Sent): void {
    this.#sent.push(message)
  }

  clear(): void {
    this.#sent = []
  }

  /** The messages from `seq` on are sent again. */
  backTo(seq: number): void {
    this.#sent = this.#sent.filter((s) => s.lastSeq < seq)
  }

  /** Whether the record is in a message that was sent after the one that is answered. */
  isUnderWay(seq: number, echoSentAtMs: number | undefined): boolean {
    return (
      echoSentAtMs !== undefined &&
      this.#sent.some((s) => s.firstSeq <= seq && seq <= s.lastSeq && s.sentAtMs > echoSentAtMs)
    )
  }

  /**
   * Takes an answer in. @returns the size of the largest message that it shows to have arrived, and of one that it shows to be lost
   */
  answered({ seq, resend, echoSentAtMs, pauseMs, notStored, held }: AckMessage): {
    arrived?: number
    lost?: number
  } {
    const named = this.#sent.find((s) => s.sentAtMs === echoSentAtMs)
    if (notStored !== undefined) {
      if (named) named.answered = true
      return named ? { arrived: named.bytes } : {}
    }
    if (named && held !== undefined) named.answered = true
    const covered = this.#sent.filter((s) => s.lastSeq <= seq)
    this.#sent = this.#sent.filter((s) => s.lastSeq > seq)
    const arrived = [...covered, ...(named ? [named] : [])].map((s) => s.bytes)
    // one connection keeps messages in order: the next record was in a message before the answered one, which has not come
    const gap = resend && pauseMs === undefined && echoSentAtMs !== undefined
    const missing = gap
      ? this.#sent.find((s) => s.firstSeq <= seq + 1 && seq + 1 <= s.lastSeq && s.sentAtMs < echoSentAtMs)
      : undefined
    return {
      ...(arrived.length > 0 ? { arrived: Math.max(...arrived) } : {}),
      ...(missing ? { lost: missing.bytes } : {}),
    }
  }

  /** The connection has ended. @returns as `cut` the size of the largest message that may have ended it */
  closed(steadyMs: number): { cut?: number } {
    const recent = this.#sent.filter((s) => !s.answered && steadyMs - s.steadyMs < CUT_MS)
    this.clear()
    return recent.length > 0 ? { cut: Math.max(...recent.map((s) => s.bytes)) } : {}
  }
}
