import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { backoffMs, withDeadline } from '../../protocol/kit/retry.ts'
import { after } from '../../protocol/kit/timers.ts'
import { ANOTHER_FIRMWARE, type Session } from '../plugin/driver.ts'
import type { Reading } from '../plugin/reading.ts'
import { failureText } from './failure-text.ts'

export interface OpenSession {
  session: Session
  /** with `driver: auto` the first `read` may replace the likeliest driver by the next one that recognises the machine */
  readonly driver: string
}

/** One configured device, ready to be polled. */
export interface PollTarget {
  id: string
  driver: string
  /** for error texts; absent: the device is the agent's own host */
  address?: string | undefined
  /** Opens a new session. With `driver: auto` it first finds the driver, and rejects if the machine does not answer. */
  open(signal: AbortSignal): Promise<OpenSession>
}

export interface PollerOptions {
  intervalMs: number
  timeoutMs: number
  /** fraction of the interval, 0 to 1, after which the first poll comes; different fractions spread the polls of many devices */
  phase: number
  log: Log
  onReadings(driver: string, readings: Reading[]): void
  onFailure(error: PerwattError): void
  /** told of each poll that has ended; one that the stop of the agent cut off is none */
  onPolled?(polled: { device: string; driver: string; ok: boolean; tookMs: number }): void
  random?: () => number
}

/** Back-off lengthens the interval of a device that does not answer, up to this. */
const MAX_INTERVAL_MS = 60_000

/** After so many failed polls in a row the session is closed: the machine may have been re-flashed or replaced. */
const FAILURES_TO_CLOSE = 3

/** As long as answers come, a poll may take so many times the time-out, or so many intervals where that is less. */
const [POLL_TIMEOUTS, POLL_INTERVALS] = [3, 1.9]

/** Polls one target at fixed times. A machine that hangs or is missing delays only its own polls. */
export class Poller {
  readonly #target: PollTarget
  readonly #options: PollerOptions
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #session: OpenSession | undefined
  #failures = 0
  /** when the first poll was due, ms of `performance.now()` */
  #firstDueMs = 0
  #running: Promise<void> = Promise.resolve()

  constructor(target: PollTarget, options: PollerOptions) {
    this.#target = target
    this.#options = options
  }

  start(): void {
    const { intervalMs, phase } = this.#options
    this.#firstDueMs = performance.now() + intervalMs * phase
    this.#schedule(intervalMs * phase)
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#stop.abort(new Error('the agent stops'))
    await this.#running
    this.#session?.session.close?.()
  }

  #schedule(delayMs: number): void {
    this.#timer = after(delayMs, () => {
      this.#running = this.#poll().then(() => {
        if (!this.#stop.signal.aborted) this.#schedule(this.#untilNext(performance.now()))
      })
    })
  }

  /**
   * ms until the next poll: a whole number of intervals after the first one, so that polls stay spread even after all of them were
   * held up. Back-off comes on top while the device does not answer.
   */
  #untilNext(nowMs: number): number {
    const { intervalMs, random } = this.#options
    // a timer may fire a little early, hence the 0.01
    const intervals = Math.floor((nowMs - this.#firstDueMs) / intervalMs + 0.01) + 1
    const delayMs = this.#firstDueMs + intervals * intervalMs - nowMs
    if (this.#failures < FAILURES_TO_CLOSE) return delayMs
    return (
      delayMs +
      backoffMs(this.#failures - FAILURES_TO_CLOSE, intervalMs, MAX_INTERVAL_MS - intervalMs, random)
    )
  }

  async #poll(): Promise<void> {
    const { log } = this.#options
    const beganMs = performance.now()
    try {
      const readings = await this.#read()
      this.#polled(true, beganMs)
      if (this.#failures > 0)
        log.info('device answers again', { device: this.#target.id, after: `${this.#failures} failed polls` })
      this.#failures = 0
      this.#options.onReadings(this.#session?.driver ?? this.#target.driver, readings)
    } catch (error) {
      if (this.#stop.signal.aborted) return
      this.#polled(false, beganMs)
      const driver = this.#session?.driver ?? this.#target.driver
      const failure = new PerwattError(
        'device-unreachable',
        `${driver} ${this.#target.id}: ${failureText(error, this.#target.address)}`,
        { cause: error },
      )
      if (++this.#failures === FAILURES_TO_CLOSE) this.#closeSession()
      if (this.#failures === 1)
        log.warn('device does not answer', { device: this.#target.id, reason: failure.message })
      this.#options.onFailure(failure)
    }
  }

  #polled(ok: boolean, beganMs: number): void {
    const { id, driver } = this.#target
    const tookMs = performance.now() - beganMs
    this.#options.onPolled?.({ device: id, driver: this.#session?.driver ?? driver, ok, tookMs })
  }

  async #read(): Promise<Reading[]> {
    try {
      return await this.#readOnce()
    } catch (error) {
      if (!(error instanceof PerwattError && error.code === ANOTHER_FIRMWARE)) throw error
      this.#closeSession()
      return this.#readOnce()
    }
  }

  /** Detection has a deadline of its own: it must not eat the time in which the driver reads the machine. */
  async #readOnce(): Promise<Reading[]> {
    this.#session ??= await this.#inTime((signal) => this.#target.open(signal))
    const { session } = this.#session
    return this.#inTime((signal) => session.read(signal), this.#mostMs)
  }

  /** A machine that goes on answering is slow, not silent. Its readings must not lie so far apart that the time between them is a gap. */
  get #mostMs(): number {
    const { timeoutMs, intervalMs } = this.#options
    return Math.max(timeoutMs, Math.min(POLL_TIMEOUTS * timeoutMs, POLL_INTERVALS * intervalMs))
  }

  #inTime<T>(work: (signal: AbortSignal) => Promise<T>, mostMs?: number): Promise<T> {
    return withDeadline(work, this.#options.timeoutMs, this.#stop.signal, mostMs)
  }

  #closeSession(): void {
    this.#session?.session.close?.()
    this.#session = undefined
  }
}
