import { encodeIntervals, type IntervalMessage, MAX_INTERVALS_PER_MESSAGE } from '../protocol/interval.ts'
import type { Log } from '../protocol/kit/log.ts'
import type { AckMessage } from '../protocol/status.ts'
import type { MemorySpool } from './spool.ts'

/** Before the collector has said how much it takes. */
const FIRST_CREDIT = MAX_INTERVALS_PER_MESSAGE
const RESEND_AFTER_MS = 10_000
const RESEND_AT_MOST_MS = 60_000

/**
 * Sends the spool in order, a window at a time, and trims it only by what the collector acknowledges. The broker's PUBACK
 * says that the broker has a message, not that the ledger does.
 */
export class Delivery {
  readonly #spool: MemorySpool
  readonly #send: (message: IntervalMessage) => void
  readonly #nowMs: () => number
  readonly #log: Log
  #credit = FIRST_CREDIT
  /** next seq to send; everything from the oldest up to it is under way */
  #nextSeq = 0
  #sentAtMs = 0
  #waitMs = RESEND_AFTER_MS
  #connected = false

  constructor(options: {
    spool: MemorySpool
    send: (message: IntervalMessage) => void
    nowMs: () => number
    log: Log
  }) {
    this.#spool = options.spool
    this.#send = options.send
    this.#nowMs = options.nowMs
    this.#log = options.log
  }

  connected(yes: boolean): void {
    this.#connected = yes
    this.#restart()
    if (yes) this.pump()
  }

  /** Sends what may be sent. Call after records were added, and now and then: it repeats what stays unanswered. */
  pump(): void {
    if (!this.#connected) return
    const nowMs = this.#nowMs()
    const waiting = this.#spool.state().records
    if (waiting === 0) return
    const oldestSeq = this.#spool.nextSeq - waiting
    this.#nextSeq = Math.max(this.#nextSeq, oldestSeq)
    if (this.#nextSeq > oldestSeq && nowMs - this.#sentAtMs > this.#waitMs) {
      this.#waitMs = Math.min(RESEND_AT_MOST_MS, this.#waitMs * 2)
      this.#log.warn('collector does not acknowledge; sending again', { records: waiting })
      this.#nextSeq = oldestSeq
    }
    while (this.#nextSeq - oldestSeq < this.#credit) {
      const batch = this.#spool.read(this.#nextSeq, Math.min(MAX_INTERVALS_PER_MESSAGE, this.#credit))
      if (!batch) return
      this.#send(encodeIntervals(batch, nowMs))
      this.#nextSeq = batch.firstSeq + batch.intervals.length
      this.#sentAtMs = nowMs
    }
  }

  acknowledged(ack: AckMessage): void {
    this.#credit = ack.creditRecords
    if (ack.quarantined) this.#log.warn('collector put records aside', { reason: ack.quarantined })
    if (ack.epoch > this.#spool.epoch) {
      this.#log.warn('the collector knows a later life of this agent; numbering the spool anew', {
        epoch: ack.epoch,
      })
      this.#spool.renumber(ack.epoch)
      this.#restart()
    } else if (ack.epoch === this.#spool.epoch) {
      const before = this.#spool.state().records
      this.#spool.trim(ack.seq)
      if (this.#spool.state().records < before) this.#waitMs = RESEND_AFTER_MS
      // only at the collector's word: to repeat at every repeated acknowledgement would multiply without end
      if (ack.resend) this.#nextSeq = ack.seq + 1
    }
    this.pump()
  }

  #restart(): void {
    this.#nextSeq = 0
    this.#waitMs = RESEND_AFTER_MS
  }
}
