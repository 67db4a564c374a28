import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { backoffMs, withDeadline } from '../../protocol/kit/retry.ts'
import { after } from '../../protocol/kit/timers.ts'
import { ANOTHER_FIRMWARE, type Session } from '../plugin/driver.ts'
import type { Reading } from '../plugin/reading.ts'
import { failureText } from './failure-text.ts'
import { type Lane, OWN_LANE } from './lanes.ts'
import { Rhythm } from './rhythm.ts'

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
  /** which of how many devices it is: their polls are spread over the interval */
  index: number
  of: number
  /** devices behind one address take turns; absent: nobody else is there */
  lane?: Lane
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
  readonly #rhythm: Rhythm
  readonly #lane: Lane
  /** when the last poll began, ms of `performance.now()` */
  #beganMs = 0
  #running: Promise<void> = Promise.resolve()

  constructor(target: PollTarget, options: PollerOptions) {
    this.#target = target
    this.#options = options
    this.#rhythm = new Rhythm(options)
    this.#lane = options.lane ?? OWN_LANE
  }

  /** How often the device is read now, ms: less often than configured where it needs long to answer. */
  get intervalMs(): number {
    return this.#rhythm.intervalMs
  }

  start(): void {
    this.#schedule(this.#rhythm.start(performance.now()))
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#stop.abort(new Error('the agent stops'))
    await this.#running
    this.#session?.session.close?.()
  }

  #schedule(delayMs: number): void {
    this.#timer = after(delayMs, () => {
      this.#beganMs = performance.now()
      this.#running = this.#poll().then(() => {
        if (!this.#stop.signal.aborted) this.#schedule(this.#untilNext(performance.now()))
      })
    })
  }

  /** ms until the next poll. Back-off comes on top while the device does not answer. */
  #untilNext(nowMs: number): number {
    const { intervalMs, random } = this.#options
    const delayMs = this.#rhythm.untilNext(nowMs, this.#beganMs)
    if (this.#failures < FAILURES_TO_CLOSE) return delayMs
    return (
      delayMs +
      backoffMs(this.#failures - FAILURES_TO_CLOSE, intervalMs, MAX_INTERVAL_MS - intervalMs, random)
    )
  }

  async #poll(): Promise<void> {
    const { log } = this.#options
    let beganMs = performance.now()
    try {
      const readings = await this.#lane.run(() => {
        beganMs = performance.now()
        return this.#inTurn()
      }, this.#stop.signal)
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

  /** One connection at a time to what several devices share: the kept one ends before the next device has its turn. */
  async #inTurn(): Promise<Reading[]> {
    try {
      return await this.#read()
    } finally {
      if (this.#lane.isShared) this.#session?.session.rest?.()
    }
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
    const beganMs = performance.now()
    const readings = await this.#inTime((signal) => session.read(signal), this.#mostMs)
    this.#rhythm.took(performance.now() - beganMs)
    return readings
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
