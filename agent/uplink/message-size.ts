import type { Log } from '../../protocol/kit/log.ts'
import type { SizeLimit } from '../../protocol/status.ts'

/** After so many losses in a row, the next message is the smallest that there is: whether anything arrives must be known soon. */
const LOSSES_TO_SMALLEST = 3
/** Connections that ended in a row, losses in a row of a size that arrived before, and losses that a smaller one outlived: once is chance. */
const NO_CHANCE = 2
/** Sizes within a tenth of each other count as the same: messages are cut between two entries. */
const SAME = 0.9
/** A loss that no second one has confirmed by then was chance. */
const CHANCE_MS = 10 * 60_000
/** Live messages are at least this large while the limit is not known. */
const LIVE_BYTES = 2_000
/** Several senders may tell of one end of a connection. */
const SAME_CUT_MS = 500
/** When a larger message is tried again after a limit was found: the first wait and the longest. */
const TRY_AGAIN_MS = 10 * 60_000
const TRY_AGAIN_AT_MOST_MS = 60 * 60_000

/**
 * How large a message may be to arrive at the collector. Brokers drop what is above their limit without a word, and confirm it all
 * the same (Mosquitto, `message_size_limit`); others close the connection. So the size is found by what the collector
 * acknowledges: it halves when a message is lost and doubles while they arrive. A limit is concluded where it happened twice that a
 * message was lost and a smaller one, sent after it, arrived. One whose answer comes late was not lost. A limit that was found is
 * tried again later.
 */
export class MessageSize {
  readonly #log: Log
  /** no message may be larger; infinite while none was lost */
  #maxBytes = Number.POSITIVE_INFINITY
  /** the largest that arrived since the first loss */
  #arrivedBytes = 0
  /** the smallest that was lost */
  #lostBytes = Number.POSITIVE_INFINITY
  #lostAtMs = 0
  /** losses since something arrived */
  #inARow = 0
  /** how often one was lost and a smaller one that was sent after it arrived */
  #outlived = 0
  /** connections in a row that ended at once after a message */
  #cuts = 0
  #cutAtMs = 0
  #found: SizeLimit | undefined
  #tryAgainMs = TRY_AGAIN_MS
  #tryAgainAtMs = 0

  constructor(log: Log) {
    this.#log = log
  }

  /** A message may be this large; a sender that can't make it so small sends the smallest that it can. */
  maxBytes(steadyMs: number): number {
    if (this.#found && steadyMs >= this.#tryAgainAtMs) this.#maxBytes = 2 * this.#found.lostBytes
    return this.#maxBytes
  }

  /**
   * The same for live messages, which nobody acknowledges: a lost one does no harm, so they do not become tiny while the limit is
   * searched.
   */
  get liveBytes(): number {
    if (this.#found) return this.#found.arrivedBytes
    return Number.isFinite(this.#lostBytes)
      ? Math.max(LIVE_BYTES, this.#arrivedBytes)
      : Number.POSITIVE_INFINITY
  }

  /** True after a loss until the limit is known: one message at a time finds it soonest. */
  get searches(): boolean {
    return this.#inARow > 0 || (Number.isFinite(this.#lostBytes) && !this.#found)
  }

  /** The limit, once it is found. */
  get found(): SizeLimit | undefined {
    return this.#found
  }

  arrived(bytes: number, steadyMs: number): void {
    const isOutlived = this.#inARow > 0
    this.#inARow = 0
    this.#cuts = 0
    if (this.#lostBytes === Number.POSITIVE_INFINITY) return
    if (bytes >= this.#lostBytes || (!this.#found && steadyMs - this.#lostAtMs > CHANCE_MS)) {
      this.#forget()
      return
    }
    this.#arrivedBytes = Math.max(this.#arrivedBytes, bytes)
    if (isOutlived) this.#outlived++
    if (!this.#found && this.#outlived >= NO_CHANCE) this.#find(steadyMs)
    else if (this.#found) this.#found = { ...this.#found, arrivedBytes: this.#arrivedBytes }
    else this.#maxBytes = Math.max(this.#maxBytes, Math.min(2 * bytes, this.#lostBytes / SAME))
  }

  /** The connection ended at once after this message. Once is chance; twice in a row, and the message is above the broker's limit. */
  cut(bytes: number, steadyMs: number): void {
    if (this.#cuts > 0 && steadyMs - this.#cutAtMs < SAME_CUT_MS) return
    this.#cutAtMs = steadyMs
    if (++this.#cuts >= NO_CHANCE) this.lost(bytes, steadyMs)
  }

  lost(bytes: number, steadyMs: number): void {
    this.#inARow++
    this.#lostAtMs = steadyMs
    const arrivedBefore = SAME * bytes <= this.#arrivedBytes
    if (arrivedBefore && this.#inARow < NO_CHANCE) return
    this.#lostBytes = Math.min(this.#lostBytes, bytes)
    if (arrivedBefore) {
      // the limit was lowered, or nothing arrives any more
      this.#arrivedBytes = 0
      this.#outlived = 0
      this.#found = undefined
    }
    if (this.#found) this.#find(steadyMs)
    else if (this.#arrivedBytes > 0) this.#maxBytes = this.#arrivedBytes
    else this.#maxBytes = this.#inARow >= LOSSES_TO_SMALLEST ? 0 : Math.floor(bytes / 2)
  }

  #find(steadyMs: number): void {
    const isNew = this.#found === undefined
    this.#found = { arrivedBytes: this.#arrivedBytes, lostBytes: this.#lostBytes }
    this.#maxBytes = this.#arrivedBytes
    this.#tryAgainAtMs = steadyMs + this.#tryAgainMs
    this.#tryAgainMs = Math.min(TRY_AGAIN_AT_MOST_MS, 2 * this.#tryAgainMs)
    if (isNew)
      this.#log.warn(
        'large messages do not arrive at the collector, smaller ones are sent; raise the limit of the broker (Mosquitto: message_size_limit, max_packet_size)',
        { ...this.#found },
      )
  }

  #forget(): void {
    if (this.#found) this.#log.info('large messages arrive again', { ...this.#found })
    this.#maxBytes = Number.POSITIVE_INFINITY
    this.#arrivedBytes = 0
    this.#lostBytes = Number.POSITIVE_INFINITY
    this.#outlived = 0
    this.#found = undefined
    this.#tryAgainMs = TRY_AGAIN_MS
  }
}
