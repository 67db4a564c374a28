import { encodeIntervals, type IntervalMessage, MAX_INTERVALS_PER_MESSAGE } from '../../protocol/interval.ts'
import type { Clock } from '../../protocol/kit/clock.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { after } from '../../protocol/kit/timers.ts'
import { LATEST_EPOCH } from '../../protocol/spool-life.ts'
import { type AckMessage, LONGEST_PAUSE_MS } from '../../protocol/status.ts'
import { ClockLeap } from './clock-leap.ts'
import type { Spool } from './spool/spool.ts'

/** Records that may be on their way before the first acknowledgement tells the collector's own limit. */
const FIRST_CREDIT = MAX_INTERVALS_PER_MESSAGE
const RESEND_AFTER_MS = 10_000
const RESEND_AT_MOST_MS = 60_000
/** After a reconnect each agent waits a random part of this, so that agents that lost one broker do not all send at once. */
const SPREAD_MS = 3_000

export interface DeliveryOptions {
  spool: Pick<Spool, 'read' | 'trim' | 'confirm' | 'renumber' | 'epoch' | 'life' | 'oldestSeq' | 'nextSeq'>
  /** @returns whether the message was handed to the connection */
  send: (message: IntervalMessage) => boolean
  clock: Clock
  log: Log
  random?: () => number
}

/**
 * Sends the spool's records in order, at most a window of them ahead of the acknowledgements. Only the collector's
 * acknowledgement trims the spool: the broker's PUBACK shows that the broker has a message, not that the ledger has it.
 */
export class Delivery {
  readonly #o: DeliveryOptions
  readonly #random: () => number
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
  #resendAfterMs = RESEND_AFTER_MS
  #connected = false
  #holdUntilSteadyMs = 0
  #timer: NodeJS.Timeout | undefined
  #pumping: Promise<void> | undefined
  #pumpAgain = false

  constructor(options: DeliveryOptions) {
    this.#o = options
    this.#random = options.random ?? Math.random
    this.#life = options.spool.life
    this.#sentSeq = options.spool.nextSeq - 1
    this.#leap = new ClockLeap(options.clock)
  }

  connected(yes: boolean): void {
    this.#connected = yes
    this.#restart()
    clearTimeout(this.#timer)
    if (yes) this.#hold(this.#random() * SPREAD_MS)
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
    const doubt = this.#doubtOf(ack)
    if (doubt) this.#renumber(doubt, ack)
    else if (ack.epoch === spool.epoch) {
      const before = spool.oldestSeq
      spool.trim(ack.seq)
      if (spool.oldestSeq > before) this.#resendAfterMs = RESEND_AFTER_MS
      // only where the collector requests it: resending at every repeated acknowledgement would multiply messages without end
      if (ack.resend) this.#nextSeq = ack.seq + 1
      else if (ack.life === spool.life) spool.confirm()
    }
    this.#hold(Math.min(ack.pauseMs ?? 0, LONGEST_PAUSE_MS) * (1 + this.#random() / 4))
  }

  /** Why the spool's numbers may mean other records to the collector; undefined where they don't. */
  #doubtOf(ack: AckMessage): string | undefined {
    const { spool } = this.#o
    const { epoch, life, seq, latestEpoch = LATEST_EPOCH } = ack
    if (spool.epoch > latestEpoch)
      return 'the collector refuses this epoch: it is later than its clock can be'
    // an epoch that can't be has no next one: only the collector can mend that, with `perwatt-collector agents reset`
    if (epoch > LATEST_EPOCH || epoch < spool.epoch) return undefined
    if (epoch > spool.epoch) return 'the collector knows a later epoch of this agent'
    if (life !== undefined && life !== spool.life) return 'another spool has the same epoch'
    if (seq > Math.max(this.#lastSent, spool.oldestSeq - 1))
      return 'the collector has records under numbers that were not sent: this spool is an older copy'
    return undefined
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
    const { spool, send, clock } = this.#o
    if (spool.life !== this.#life) this.#restart()
    this.#nextSeq = Math.max(this.#nextSeq, spool.oldestSeq)
    const room = this.#credit - (this.#nextSeq - spool.oldestSeq)
    if (!this.#connected || room <= 0 || this.#steadyMs() < this.#holdUntilSteadyMs) return false
    const wanted = this.#nextSeq
    const batch = await spool.read(wanted, Math.min(MAX_INTERVALS_PER_MESSAGE, room))
    // a lost connection or an acknowledgement during the disk read may have changed what to send next
    if (!batch || this.#nextSeq !== wanted || batch.life !== this.#life || !this.#connected)
      return batch !== undefined && this.#connected
    if (!send(encodeIntervals(batch, clock.now().wallMs))) return false
    this.#nextSeq = batch.firstSeq + batch.intervals.length
    this.#sentSeq = Math.max(this.#sentSeq, this.#nextSeq - 1)
    this.#sentAtSteadyMs = this.#steadyMs()
    return true
  }

  #repeatUnanswered(): void {
    const { spool, log } = this.#o
    if (this.#nextSeq <= spool.oldestSeq || this.#steadyMs() - this.#sentAtSteadyMs <= this.#resendAfterMs)
      return
    this.#resendAfterMs = Math.min(RESEND_AT_MOST_MS, this.#resendAfterMs * 2)
    log.warn('collector does not acknowledge; sending again', { records: spool.nextSeq - spool.oldestSeq })
    this.#nextSeq = spool.oldestSeq
    this.#sentAtSteadyMs = this.#steadyMs()
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
  }
}
