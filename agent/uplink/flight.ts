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

/** Messages that are sent again are remembered, for their answers may be late: so many of them. */
const REMEMBERED = 64

/** What an answer shows of the messages. */
interface Shown {
  /** size of the largest message that arrived */
  arrived?: number
  /** size of one that was lost */
  lost?: number
  /** how long the answer took, ms */
  tookMs?: number
}

/**
 * The interval messages under way. What the collector answers shows which of them arrived and which were lost. A message that is sent
 * again is not lost yet: its answer may be late.
 */
export class Flight {
  #sent: Sent[] = []
  /** those that were sent again, oldest first */
  #repeated: Sent[] = []

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

  /** All that is under way is sent again. */
  clear(): void {
    this.#repeated = [...this.#repeated, ...this.#sent].slice(-REMEMBERED)
    this.#sent = []
  }

  /** The collector says that it is busy: what is not answered now may have arrived. */
  excuse(): void {
    for (const message of this.#sent) message.answered = true
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

  /** Takes an answer in. @param steadyMs now */
  answered({ seq, resend, echoSentAtMs, pauseMs, notStored, held }: AckMessage, steadyMs: number): Shown {
    const late = this.#repeated.find((s) => s.sentAtMs === echoSentAtMs)
    const named = this.#sent.find((s) => s.sentAtMs === echoSentAtMs)
    // one connection keeps messages in order: the answers to what was sent before have come, or never will
    if (named || late)
      this.#repeated = this.#repeated.filter((s) => echoSentAtMs !== undefined && s.sentAtMs > echoSentAtMs)
    if (notStored !== undefined) {
      if (named) named.answered = true
      return shown([named, late], named ?? late, steadyMs)
    }
    if (named && held !== undefined) named.answered = true
    // what was sent after the answered message has not arrived by it, though its records have
    const covered = this.#sent.filter(
      (s) => s.lastSeq <= seq && echoSentAtMs !== undefined && s.sentAtMs <= echoSentAtMs,
    )
    this.#sent = this.#sent.filter((s) => s.lastSeq > seq)
    const gap = resend && pauseMs === undefined && echoSentAtMs !== undefined
    const missing = gap
      ? this.#sent.find((s) => s.firstSeq <= seq + 1 && seq + 1 <= s.lastSeq && s.sentAtMs < echoSentAtMs)
      : undefined
    return {
      ...shown([...covered, named, late], named ?? late, steadyMs),
      ...(missing && { lost: missing.bytes }),
    }
  }

  /** The connection has ended. @returns as `cut` the size of the largest message that may have ended it */
  closed(steadyMs: number): { cut?: number } {
    const recent = this.#sent.filter((s) => !s.answered && steadyMs - s.steadyMs < CUT_MS)
    this.clear()
    return recent.length > 0 ? { cut: Math.max(...recent.map((s) => s.bytes)) } : {}
  }
}

function shown(arrived: readonly (Sent | undefined)[], named: Sent | undefined, steadyMs: number): Shown {
  const bytes = arrived.flatMap((message) => message?.bytes ?? [])
  return {
    ...(bytes.length > 0 && { arrived: Math.max(...bytes) }),
    ...(named && { tookMs: steadyMs - named.steadyMs }),
  }
}
