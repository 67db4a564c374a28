import { encodeIntervals, type IntervalMessage, MAX_INTERVALS_PER_MESSAGE } from '../../protocol/interval.ts'
import type { Clock } from '../../protocol/kit/clock.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { AckMessage } from '../../protocol/status.ts'
import type { Spool } from './spool/spool.ts'

/** Before the collector has said how much it takes. */
const FIRST_CREDIT = MAX_INTERVALS_PER_MESSAGE
const RESEND_AFTER_MS = 10_000
const RESEND_AT_MOST_MS = 60_000
/** Over this time the agents that lost one broker begin again, each at a moment of its own. */
const SPREAD_MS = 3_000

export interface DeliveryOptions {
  spool: Pick<Spool, 'read' | 'trim' | 'renumber' | 'epoch' | 'oldestSeq' | 'nextSeq'>
  /** @returns whether the connection took it */
  send: (message: IntervalMessage) => boolean
  clock: Clock
  log: Log
  random?: () => number
}

/**
 * Sends the spool in order, a window at a time, and trims it only by what the collector acknowledges. The broker's PUBACK
 * says that the broker has a message, not that the ledger does.
 */
export class Delivery {
  readonly #o: DeliveryOptions
  readonly #random: () => number
  #credit = FIRST_CREDIT
  #epoch: number
  /** next seq to send; everything from the oldest up to it is under way */
  #nextSeq = 0
  #sentAtSteadyMs = 0
  #waitMs = RESEND_AFTER_MS
  #connected = false
  #holdUntilSteadyMs = 0
  #timer: NodeJS.Timeout | undefined
  #pumping: Promise<void> | undefined
  #pumpAgain = false

  constructor(options: DeliveryOptions) {
    this.#o = options
    this.#random = options.random ?? Math.random
    this.#epoch = options.spool.epoch
  }

  connected(yes: boolean): void {
    this.#connected = yes
    this.#restart()
    clearTimeout(this.#timer)
    if (yes) this.#hold(this.#random() * SPREAD_MS)
  }

  /**
   * Sends what may be sent. Call after records were added, and now and then: it repeats what stays unanswered.
   * Resolves when nothing more can be sent now. Never rejects.
   */
  pump(): Promise<void> {
    this.#pumpAgain = true
    this.#pumping ??= this.#pumpAll()
    return this.#pumping
  }

  /** What stops has no time to wait for its turn. */
  hurry(): Promise<void> {
    this.#holdUntilSteadyMs = 0
    return this.pump()
  }

  acknowledged(ack: AckMessage): void {
    const { spool, log } = this.#o
    this.#credit = ack.creditRecords
    if (ack.quarantined) log.warn('collector put records aside', { reason: ack.quarantined })
    if (ack.epoch > spool.epoch || (ack.epoch === spool.epoch && ack.seq >= spool.nextSeq)) {
      log.warn('the collector knows a later life of this agent; numbering the spool anew', {
        epoch: ack.epoch,
      })
      spool.renumber(ack.epoch)
    } else if (ack.epoch === spool.epoch) {
      const before = spool.oldestSeq
      spool.trim(ack.seq)
      if (spool.oldestSeq > before) this.#waitMs = RESEND_AFTER_MS
      // only at the collector's word: to repeat at every repeated acknowledgement would multiply without end
      if (ack.resend) this.#nextSeq = ack.seq + 1
    }
    this.#hold((ack.pauseMs ?? 0) * (1 + this.#random() / 4))
  }

  async #pumpAll(): Promise<void> {
    while (this.#pumpAgain) {
      this.#pumpAgain = false
      this.#repeatUnanswered()
      while (await this.#sendNext());
    }
    this.#pumping = undefined
  }

  /** @returns whether a batch was sent, and another may follow */
  async #sendNext(): Promise<boolean> {
    const { spool, send, clock } = this.#o
    if (spool.epoch !== this.#epoch) this.#restart()
    this.#nextSeq = Math.max(this.#nextSeq, spool.oldestSeq)
    const room = this.#credit - (this.#nextSeq - spool.oldestSeq)
    if (!this.#connected || room <= 0 || this.#steadyMs() < this.#holdUntilSteadyMs) return false
    const wanted = this.#nextSeq
    const batch = await spool.read(wanted, Math.min(MAX_INTERVALS_PER_MESSAGE, room))
    // what happened while the disk was read (a lost connection, an answer) may have changed what comes next
    if (!batch || this.#nextSeq !== wanted || batch.epoch !== this.#epoch || !this.#connected)
      return batch !== undefined && this.#connected
    if (!send(encodeIntervals(batch, clock.now().wallMs))) return false
    this.#nextSeq = batch.firstSeq + batch.intervals.length
    this.#sentAtSteadyMs = this.#steadyMs()
    return true
  }

  #repeatUnanswered(): void {
    const { spool, log } = this.#o
    if (this.#nextSeq <= spool.oldestSeq || this.#steadyMs() - this.#sentAtSteadyMs <= this.#waitMs) return
    this.#waitMs = Math.min(RESEND_AT_MOST_MS, this.#waitMs * 2)
    log.warn('collector does not acknowledge; sending again', { records: spool.nextSeq - spool.oldestSeq })
    this.#nextSeq = spool.oldestSeq
    this.#sentAtSteadyMs = this.#steadyMs()
  }

  /** waits are measured by the clock that nobody sets */
  #steadyMs(): number {
    return this.#o.clock.now().steadyMs
  }

  #hold(ms: number): void {
    this.#holdUntilSteadyMs = Math.max(this.#holdUntilSteadyMs, this.#steadyMs() + ms)
    clearTimeout(this.#timer)
    const leftMs = this.#holdUntilSteadyMs - this.#steadyMs()
    if (leftMs <= 0) void this.pump()
    else this.#timer = setTimeout(() => void this.pump(), leftMs).unref()
  }

  #restart(): void {
    this.#epoch = this.#o.spool.epoch
    this.#nextSeq = 0
    this.#waitMs = RESEND_AFTER_MS
  }
}
