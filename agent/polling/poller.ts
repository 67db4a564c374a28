import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { backoffMs, withDeadline } from '../../protocol/kit/retry.ts'
import { ANOTHER_FIRMWARE, type Session } from '../plugin/driver.ts'
import type { Reading } from '../plugin/reading.ts'
import { failureText } from './failure.ts'

/** One configured device, ready to be asked. */
export interface PollTarget {
  id: string
  driver: string
  /** where it is asked; absent: it is this machine */
  address?: string | undefined
  /** a fresh session; rejects where the driver must be found first and the machine doesn't answer */
  open(signal: AbortSignal): Promise<{ session: Session; driver: string }>
}

export interface PollerOptions {
  intervalMs: number
  timeoutMs: number
  /** part of the interval after which the first poll comes, 0 to 1: polls are spread, not in step */
  phase: number
  log: Log
  onReadings(driver: string, readings: Reading[]): void
  onFailure(error: PerwattError): void
  random?: () => number
}

/** A device that doesn't answer is asked less and less often, at most this seldom. */
const SLOWEST_MS = 60_000

/** Asks one target on a fixed beat. A hung or missing machine costs only its own beat. */
export class Poller {
  readonly #target: PollTarget
  readonly #options: PollerOptions
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #session: { session: Session; driver: string } | undefined
  #failures = 0
  /** when the first poll was due, on the steady clock */
  #beatMs = 0
  #running: Promise<void> = Promise.resolve()

  constructor(target: PollTarget, options: PollerOptions) {
    this.#target = target
    this.#options = options
  }

  start(): void {
    const { intervalMs, phase } = this.#options
    this.#beatMs = performance.now() + intervalMs * phase
    this.#schedule(intervalMs * phase)
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#stop.abort(new Error('the agent stops'))
    await this.#running
    this.#session?.session.close?.()
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#running = this.#poll().then(() => {
        if (!this.#stop.signal.aborted) this.#schedule(this.#untilNext(performance.now()))
      })
    }, delayMs)
  }

  /** Until this device's own next beat, and then some while it doesn't answer: after a pause of all, polls are spread as before. */
  #untilNext(nowMs: number): number {
    const { intervalMs, random } = this.#options
    // a timer may come a little early
    const beats = Math.floor((nowMs - this.#beatMs) / intervalMs + 0.01) + 1
    const beatMs = this.#beatMs + beats * intervalMs - nowMs
    if (this.#failures < 3) return beatMs
    return beatMs + backoffMs(this.#failures - 3, intervalMs, SLOWEST_MS - intervalMs, random)
  }

  async #poll(): Promise<void> {
    const { timeoutMs, log } = this.#options
    try {
      const readings = await withDeadline((signal) => this.#read(signal), timeoutMs, this.#stop.signal)
      if (this.#failures > 0)
        log.info('device answers again', { device: this.#target.id, after: `${this.#failures} failed polls` })
      this.#failures = 0
      this.#options.onReadings(this.#session?.driver ?? this.#target.driver, readings)
    } catch (error) {
      if (this.#stop.signal.aborted) return
      const driver = this.#session?.driver ?? this.#target.driver
      const failure = new PerwattError(
        'device-unreachable',
        `${driver} ${this.#target.id}: ${failureText(error, this.#target.address)}`,
        { cause: error },
      )
      // what the machine is may have changed (re-flashed, replaced): find out again
      if (++this.#failures === 3) this.#forget()
      if (this.#failures === 1)
        log.warn('device does not answer', { device: this.#target.id, reason: failure.message })
      this.#options.onFailure(failure)
    }
  }

  async #read(signal: AbortSignal): Promise<Reading[]> {
    try {
      return await this.#readOnce(signal)
    } catch (error) {
      if (!(error instanceof PerwattError && error.code === ANOTHER_FIRMWARE)) throw error
      this.#forget()
      return this.#readOnce(signal)
    }
  }

  async #readOnce(signal: AbortSignal): Promise<Reading[]> {
    this.#session ??= await this.#target.open(signal)
    return this.#session.session.read(signal)
  }

  #forget(): void {
    this.#session?.session.close?.()
    this.#session = undefined
  }
}
