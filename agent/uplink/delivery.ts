import { encodeIntervals, type IntervalMessage, MAX_INTERVALS_PER_MESSAGE } from '../../protocol/interval.ts'
import type { Clock } from '../../protocol/kit/clock.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { after } from '../../protocol/kit/timers.ts'
import { type AckMessage, type DeliveryStatus, LONGEST_PAUSE_MS } from '../../protocol/status.ts'
import { ClockLeap } from './clock-leap.ts'
import { fitting } from './fitting.ts'
import { Flight } from './flight.ts'
import { MessageSize } from './message-size.ts'
import { doubtOf } from './number-doubt.ts'
import type { Spool } from './spool/spool.ts'
import { UnansweredWatch } from './unanswered-watch.ts'

/** Records that may be on their way before the first acknowledgement tells the collector's own limit. */
const FIRST_CREDIT = MAX_INTERVALS_PER_MESSAGE
const RESEND_AFTER_MS = 10_000
const RESEND_AT_MOST_MS = 60_000
/** The first wait before a record is sent again that the collector does not take yet. */
const HELD_FOR_MS = 5_000
/** Size of a message without records, about. */
const QUESTION_BYTES = 200
/** Sizes that are tried without a longer wait between them: the full one, two halves, the smallest. */
const QUICK_RESENDS = 3
/** After a reconnect each agent waits a random part of this, so that agents that lost one broker do not all send at once. */
const SPREAD_MS = 3_000

export interface DeliveryOptions {
  spool: Pick<
    Spool,
    'read' | 'trim' | 'confirm' | 'renumber' | 'epoch' | 'life' | 'sharedSeq' | 'oldestSeq' | 'nextSeq'
  >
  /** @returns whether the message was handed to the connection */
  send: (message: IntervalMessage) => boolean
  clock: Clock
  log: Log
  /** whether all records must wait: the agent's clock and the collector's don't agree */
  holds?: () => boolean
  random?: () => number
  /** shared with all that the agent sends; absent: an own one */
  size?: MessageSize
}

/**
 * Sends the spool's records in order, at most a window of them ahead of the acknowledgements. Only the collector's
 * acknowledgement trims the spool: the broker's PUBACK shows that the broker has a message, not that the ledger has it.
 */
export class Delivery {
  readonly #o: DeliveryOptions
  readonly #random: () => number
  readonly #size: MessageSize
  readonly #flight = new Flight()
  readonly #unanswered: UnansweredWatch
  /** the window: records that may be sent and not acknowledged */
  #credit = FIRST_CREDIT
  /** life of the spool that is sent from */
  #life: string
  /** highest seq that was sent in the present life */
  #sentSeq: number
  readonly #leap: ClockLeap
  /** next seq to send; the records from the oldest up to it are sent and not acknowledged */
  #nextSeq = 0
  #sentAtSteadyMs = 0
  /** of the last message, by the wall clock: no two messages have the same, so an answer names the one that it answers */
  #sentAtMs = 0
  /** how long an answer is awaited: twice what the last one took, within limits */
  #patienceMs = RESEND_AFTER_MS
  #resendAfterMs = RESEND_AFTER_MS
  #resends = 0
  #connected = false
  #holdUntilSteadyMs = 0
  /** the last wait for a record that the collector takes later */
  #heldForMs = 0
  #heldUntilSteadyMs = 0
  #timer: NodeJS.Timeout | undefined
  #pumping: Promise<void> | undefined
  #pumpAgain = false

  constructor(options: DeliveryOptions) {
    this.#o = options
    this.#random = options.random ?? Math.random
    this.#life = options.spool.life
    this.#sentSeq = options.spool.nextSeq - 1
    this.#leap = new ClockLeap(options.clock)
    this.#size = options.size ?? new MessageSize(options.log)
    this.#unanswered = new UnansweredWatch(options.log)
  }

  connected(yes: boolean): void {
    const now = this.#steadyMs()
    if (!yes) {
      // a broker that closes the connection at a message above its limit does so at once
      const { cut } = this.#flight.closed(now)
      if (cut !== undefined) this.#size.cut(cut, now)
    }
    this.#connected = yes
    this.#restart()
    clearTimeout(this.#timer)
    if (yes) this.#hold(this.#random() * SPREAD_MS)
  }

  /** How records get through; undefined while there is nothing to tell. */
  get status(): DeliveryStatus | undefined {
    const { found } = this.#size
    const status = { ...this.#unanswered.status(this.#steadyMs()), ...(found && { limit: found }) }
    return Object.keys(status).length > 0 ? status : undefined
  }

  /**
   * Sends what may be sent. Call it after records were added, and regularly: it also sends unacknowledged records again.
   * Resolves when nothing more can be sent now. Never rejects.
   */
  pump(): Promise<void> {
    this.#pumpAgain = true
    this.#pumping ??= this.#pumpAll()
    return this.#pumping
  }

  /** Sends without the pauses of reconnects and of the collector: the agent stops. */
  hurry(): Promise<void> {
    this.#holdUntilSteadyMs = 0
    return this.pump()
  }

  acknowledged(ack: AckMessage): void {
    const { spool, log } = this.#o
    this.#credit = ack.creditRecords
    if (ack.quarantined) log.warn('collector put records aside', { reason: ack.quarantined })
    if (ack.held) log.warn('collector does not take records yet; they wait here', { reason: ack.held })
    this.#learnSizes(ack)
    const doubt = ack.notStored === undefined ? doubtOf(ack, spool, this.#lastSent) : undefined
    if (ack.notStored !== undefined || ack.held !== undefined) this.#unanswered.refused(ack)
    if (doubt) this.#renumber(doubt, ack)
    else if (ack.epoch === spool.epoch && ack.notStored === undefined) {
      const before = spool.oldestSeq
      spool.trim(ack.seq)
      if (spool.oldestSeq > before) this.#moved()
      // only where the collector requests it, and not for records that are on their way again: messages would multiply without end
      if (ack.resend && !this.#flight.isUnderWay(ack.seq + 1, ack.echoSentAtMs)) {
        this.#nextSeq = ack.seq + 1
        this.#flight.backTo(this.#nextSeq)
      }
      // the answer to a question acknowledges nothing where the mark is in the life before
      else if (!ack.resend && ack.life === spool.life && ack.seq > 0) spool.confirm()
      if (ack.held !== undefined) this.#waitHeld(ack.seq + 1)
    }
    this.#hold(Math.min(ack.pauseMs ?? 0, LONGEST_PAUSE_MS) * (1 + this.#random() / 4))
  }

  /** The collector takes the record `seq` later: what follows it would only be asked for again. */
  #waitHeld(seq: number): void {
    this.#nextSeq = seq
    this.#flight.backTo(seq)
    // answers to messages that were under way make the wait no longer
    if (this.#steadyMs() < this.#heldUntilSteadyMs) return
    this.#heldForMs = Math.min(RESEND_AT_MOST_MS, this.#heldForMs * 2 || HELD_FOR_MS)
    this.#heldUntilSteadyMs = this.#steadyMs() + this.#heldForMs
    this.#hold(this.#heldForMs)
  }

  /** A question for the collector's time is sent: while records wait for its answer, its silence is theirs. */
  asks(): void {
    const { spool, holds } = this.#o
    const records = spool.nextSeq - spool.oldestSeq
    if (!holds?.() || records === 0) return
    this.#unanswered.sent(QUESTION_BYTES, this.#steadyMs())
    this.#unanswered.tell(records, this.#steadyMs())
  }

  #renumber(reason: string, { epoch, latestEpoch }: Pick<AckMessage, 'epoch' | 'latestEpoch'>): void {
    const { spool, log } = this.#o
    log.warn('the spool starts a new epoch', { reason, epoch })
    const limits = { above: epoch, ...(latestEpoch === undefined ? {} : { latest: latestEpoch }) }
    void spool.renumber(limits).then(() => this.pump())
  }

  /** Highest seq that was sent in the spool's present life. */
  get #lastSent(): number {
    return this.#o.spool.life === this.#life ? this.#sentSeq : 0
  }

  /** Which of the messages under way this answer shows to have arrived, and which to be lost. */
  #learnSizes(ack: AckMessage): void {
    // whatever it answers: while records are held, only questions are under way
    if (ack.echoSentAtMs !== undefined && this.#o.holds?.()) this.#unanswered.answered()
    // a collector whose queue is full drops what comes, of any size
    if (ack.pauseMs !== undefined) this.#flight.excuse()
    if (ack.epoch !== this.#o.spool.epoch && ack.notStored === undefined) return
    const now = this.#steadyMs()
    const { arrived, lost, tookMs } = this.#flight.answered(ack, now)
    if (lost !== undefined) this.#size.lost(lost, now)
    if (arrived !== undefined) this.#size.arrived(arrived, now)
    if (tookMs === undefined) return
    this.#unanswered.took(tookMs)
    this.#patienceMs = Math.min(RESEND_AT_MOST_MS, Math.max(RESEND_AFTER_MS, 2 * tookMs))
  }

  #moved(): void {
    this.#resendAfterMs = this.#patienceMs
    this.#resends = 0
    this.#heldForMs = 0
    this.#unanswered.answered()
  }

  async #pumpAll(): Promise<void> {
    if (this.#leap.since() && this.#sentSeq > 0) this.#renumber('the clock leapt ahead', { epoch: 0 })
    while (this.#pumpAgain) {
      this.#pumpAgain = false
      this.#repeatUnanswered()
      while (await this.#sendNext());
    }
    this.#pumping = undefined
  }

  /** @returns whether a batch was sent, and another may follow */
  async #sendNext(): Promise<boolean> {
    const { spool, send, clock, holds } = this.#o
    if (holds?.()) return false
    if (spool.life !== this.#life) this.#restart()
    this.#nextSeq = Math.max(this.#nextSeq, spool.oldestSeq)
    const room = this.#credit - (this.#nextSeq - spool.oldestSeq)
    if (!this.#connected || room <= 0 || this.#steadyMs() < this.#holdUntilSteadyMs) return false
    if (this.#size.searches && this.#flight.isBusy) return false
    const wanted = this.#nextSeq
    const batch = await spool.read(wanted, Math.min(MAX_INTERVALS_PER_MESSAGE, room))
    // a lost connection or an acknowledgement during the disk read may have changed what to send next
    if (!batch || this.#nextSeq !== wanted || batch.life !== this.#life || !this.#connected)
      return batch !== undefined && this.#connected
    const steadyMs = this.#steadyMs()
    const sentAtMs = Math.max(clock.now().wallMs, this.#sentAtMs + 1)
    const { message, bytes } = fitting(
      batch.intervals,
      (intervals) => encodeIntervals({ ...batch, intervals: [...intervals] }, sentAtMs),
      this.#size.maxBytes(steadyMs),
    )
    if (!send(message)) return false
    this.#nextSeq = batch.firstSeq + message.ids.length
    this.#sentSeq = Math.max(this.#sentSeq, this.#nextSeq - 1)
    this.#sentAtMs = sentAtMs
    this.#sentAtSteadyMs = steadyMs
    this.#flight.sent({ firstSeq: batch.firstSeq, lastSeq: this.#nextSeq - 1, bytes, sentAtMs, steadyMs })
    this.#unanswered.sent(bytes, steadyMs)
    return true
  }

  #repeatUnanswered(): void {
    const { spool, holds } = this.#o
    const now = this.#steadyMs()
    if (holds?.() || this.#nextSeq <= spool.oldestSeq || now - this.#sentAtSteadyMs <= this.#resendAfterMs)
      return
    if (++this.#resends > QUICK_RESENDS)
      this.#resendAfterMs = Math.min(RESEND_AT_MOST_MS, this.#resendAfterMs * 2)
    // a message that the collector has answered is not lost, but not stored yet
    const oldest = this.#flight.oldestUnanswered
    if (oldest !== undefined && this.#connected) this.#size.lost(oldest, now)
    this.#unanswered.tell(spool.nextSeq - spool.oldestSeq, now)
    this.#nextSeq = spool.oldestSeq
    this.#flight.clear()
    this.#sentAtSteadyMs = now
  }

  /** The clock of all waits: setting the wall clock does not change it. */
  #steadyMs(): number {
    return this.#o.clock.now().steadyMs
  }

  #hold(ms: number): void {
    this.#holdUntilSteadyMs = Math.max(this.#holdUntilSteadyMs, this.#steadyMs() + ms)
    clearTimeout(this.#timer)
    const leftMs = this.#holdUntilSteadyMs - this.#steadyMs()
    if (leftMs <= 0) void this.pump()
    else this.#timer = after(leftMs, () => void this.pump()).unref()
  }

  #restart(): void {
    const { life } = this.#o.spool
    if (life !== this.#life) this.#sentSeq = 0
    this.#life = life
    this.#nextSeq = 0
    this.#resendAfterMs = RESEND_AFTER_MS
    this.#flight.clear()
  }
}
