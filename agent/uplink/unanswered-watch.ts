import type { Log } from '../../protocol/kit/log.ts'
import type { AckMessage, DeliveryStatus } from '../../protocol/status.ts'

/** Silence that is told: a collector or a broker that restarts answers sooner. */
const TOLD_AFTER_MS = 20_000
/** An answer that takes longer is late. */
const LATE_MS = 10_000

/** For how long records were sent without an acknowledgement, and what is known of why. Logs the begin and the end, not each try. */
export class UnansweredWatch {
  readonly #log: Log
  /** when the first message of this silence was sent; absent: acknowledgements come */
  #sinceSteadyMs: number | undefined
  #triedBytes = Number.POSITIVE_INFINITY
  #notStored: string | undefined
  #held: string | undefined
  /** how long the last answer took, ms, where it was late */
  #lateMs: number | undefined
  /** what was logged of this silence */
  #told: string | undefined

  constructor(log: Log) {
    this.#log = log
  }

  sent(bytes: number, steadyMs: number): void {
    this.#sinceSteadyMs ??= steadyMs
    this.#triedBytes = Math.min(this.#triedBytes, bytes)
  }

  /** An answer came, so long after its message. */
  took(ms: number): void {
    const wasLate = this.#lateMs !== undefined
    this.#lateMs = ms > LATE_MS ? ms : undefined
    if (!wasLate && this.#lateMs !== undefined)
      this.#log.warn(
        'the collector acknowledges late; records are kept here meanwhile. Look at the load and the disks of the computers of the broker and of the collector',
        { tookS: Math.round(ms / 1000) },
      )
    if (wasLate && this.#lateMs === undefined) this.#log.info('the collector acknowledges in time again')
  }

  /** Records were taken. */
  answered(): void {
    if (this.#told !== undefined) this.#log.info('the collector acknowledges records again')
    this.#sinceSteadyMs = undefined
    this.#triedBytes = Number.POSITIVE_INFINITY
    this.#notStored = this.#held = undefined
    this.#told = undefined
  }

  /** The collector received records and did not take them: its store failed, or it leaves them here for their time. */
  refused({ notStored, held }: Pick<AckMessage, 'notStored' | 'held'>): void {
    if (this.#sinceSteadyMs === undefined) return
    this.#notStored = notStored
    this.#held = notStored === undefined ? held : undefined
  }

  /** Logs that records wait, when it begins and when more is known. */
  tell(records: number, steadyMs: number): void {
    const sinceMs = this.#sinceSteadyMs
    if (sinceMs === undefined || steadyMs - sinceMs < TOLD_AFTER_MS) return
    const why = this.#notStored ?? this.#held ?? ''
    if (this.#told === why) return
    this.#told = why
    const unansweredS = Math.round((steadyMs - sinceMs) / 1000)
    if (this.#notStored !== undefined)
      this.#log.error('the collector receives records and can’t store them; they are kept here', {
        records,
        unansweredS,
        reason: this.#notStored,
      })
    else if (this.#held !== undefined)
      this.#log.error('the collector receives records and does not take them yet; they are kept here', {
        records,
        unansweredS,
        reason: this.#held,
      })
    else
      this.#log.error(
        'the collector does not acknowledge records; they are kept here. Check that the collector runs, and that the broker lets this agent publish its intervals and read its ack (ACL, size of messages)',
        { records, unansweredS, triedBytes: this.#triedBytes },
      )
  }

  status(steadyMs: number): Omit<DeliveryStatus, 'limit'> {
    const late = this.#lateMs === undefined ? {} : { lateS: Math.round(this.#lateMs / 1000) }
    if (this.#sinceSteadyMs === undefined) return late
    const silentMs = steadyMs - this.#sinceSteadyMs
    if (silentMs < TOLD_AFTER_MS) return late
    return {
      ...late,
      unansweredS: Math.round(silentMs / 1000),
      ...(Number.isFinite(this.#triedBytes) ? { triedBytes: this.#triedBytes } : {}),
      ...(this.#notStored === undefined ? {} : { notStored: this.#notStored }),
      ...(this.#held === undefined ? {} : { held: this.#held }),
    }
  }
}
