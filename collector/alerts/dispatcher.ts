import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pause, withDeadline } from '../../protocol/kit/retry.ts'
import { after } from '../../protocol/kit/timers.ts'
import type { ChannelSession, DeliveryResult, OutgoingMessage } from '../plugin/channel.ts'
import type { DeadLetter, Outbox, Queued } from './outbox.ts'

const S = 1000
const H = 3600 * S

/** Standard Webhooks 1.0: the wait before each attempt, with full jitter; after the last attempt the message is a dead letter. */
const RETRY_SCHEDULE_MS: readonly number[] = [
  0,
  5 * S,
  300 * S,
  1800 * S,
  2 * H,
  5 * H,
  10 * H,
  14 * H,
  20 * H,
  24 * H,
]

/** A new message retries a failing receiver before its time, but no more often than this. */
const PROBE_MS = 60 * S
/** How long an attempt under way may go on when the collector stops. */
const STOP_GRACE_MS = 500
const ATTEMPTS_KEPT = 100
/** bounds the wait of an idle worker; a new message ends it at once */
const IDLE_MS = H

/** One attempt, for screens. */
export interface DeliveryAttempt {
  atMs: number
  messageId: string
  type: string
  outcome: DeliveryResult['outcome']
  /** HTTP status, where it was delivered */
  status?: number
  reason?: string
  /** wait before the next attempt; absent where there is none */
  retryInMs?: number
}

export interface ReceiverDeliveries {
  receiver: string
  /** why nothing is sent to it until the collector is restarted */
  disabled?: string
  queued: number
  deadLetters: DeadLetter[]
  /** messages that it took, and attempts that failed, since the start */
  delivered: number
  failed: number
  /** the last ones, oldest first */
  attempts: DeliveryAttempt[]
}

export interface Receiver {
  name: string
  /** its channel with its settings */
  session: ChannelSession
}

export interface DispatcherOptions {
  receivers: readonly Receiver[]
  outbox: Outbox
  log: Log
  now?: () => number
  random?: () => number
  scheduleMs?: readonly number[]
  /** of one attempt */
  deadlineMs?: number
  probeMs?: number
}

interface Line extends Receiver {
  attempts: DeliveryAttempt[]
  delivered: number
  failed: number
  disabled?: string
  /** the last attempt failed */
  failing: boolean
  /** when the head of the queue is due, ms of the monotonic clock: a step of the wall clock delays nothing */
  dueMs: number
  /** ends the worker's present wait */
  wake: AbortController
  worker?: Promise<void>
}

/**
 * Sends the outbox: one worker for each receiver, one message at a time in the order of its queue, so a receiver that is down or
 * slow delays only itself. At least once: an attempt that a crash cut off is repeated under the same id.
 */
export class Dispatcher {
  readonly #lines: Map<string, Line>
  readonly #outbox: Outbox
  readonly #log: Log
  readonly #now: () => number
  readonly #random: () => number
  readonly #scheduleMs: readonly number[]
  readonly #deadlineMs: number
  readonly #probeMs: number
  /** ends all waits, and allows no new attempt */
  readonly #stopping = new AbortController()
  /** aborts attempts under way */
  readonly #cut = new AbortController()

  constructor(options: DispatcherOptions) {
    this.#outbox = options.outbox
    this.#log = options.log
    this.#now = options.now ?? Date.now
    this.#random = options.random ?? Math.random
    this.#scheduleMs = options.scheduleMs ?? RETRY_SCHEDULE_MS
    this.#deadlineMs = options.deadlineMs ?? 15 * S
    this.#probeMs = options.probeMs ?? PROBE_MS
    this.#lines = new Map(
      options.receivers.map((receiver) => [
        receiver.name,
        {
          ...receiver,
          attempts: [],
          delivered: 0,
          failed: 0,
          failing: false,
          dueMs: 0,
          wake: new AbortController(),
        },
      ]),
    )
  }

  start(): void {
    for (const name of this.#outbox.receivers())
      if (!this.#lines.has(name))
        this.#log.warn('receiver-unknown', {
          receiver: name,
          queued: this.#outbox.queued(name),
          next: 'its messages stay in the outbox; put it back into the configuration to send them',
        })
    for (const line of this.#lines.values()) line.worker ??= this.#work(line)
  }

  /** Queues messages for a receiver; they are on disk when it resolves, or the disk did not answer in time. */
  async enqueue(receiver: string, messages: readonly OutgoingMessage[]): Promise<void> {
    if (messages.length === 0) return
    await this.#outbox.add(receiver, messages)
    this.#lines.get(receiver)?.wake.abort()
  }

  /** Sends a receiver's dead letters again; returns how many. */
  replay(receiver: string): number {
    const count = this.#outbox.replay(receiver)
    this.#lines.get(receiver)?.wake.abort()
    return count
  }

  deliveries(): ReceiverDeliveries[] {
    return [...this.#lines.values()].map(({ name, attempts, delivered, failed, disabled }) => ({
      receiver: name,
      ...(disabled !== undefined && { disabled }),
      queued: this.#outbox.queued(name),
      deadLetters: this.#outbox.dead(name),
      delivered,
      failed,
      attempts: [...attempts],
    }))
  }

  /** Ends within a second; what is undelivered stays in the outbox. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    for (const { wake } of this.#lines.values()) wake.abort()
    const cut = after(STOP_GRACE_MS, () => this.#cut.abort(new Error('the collector stops')))
    await Promise.all([...this.#lines.values()].map(({ worker }) => worker))
    clearTimeout(cut)
  }

  async #work(line: Line): Promise<void> {
    const failedBefore = this.#outbox.head(line.name)?.attempts ?? 0
    if (failedBefore > 0) line.dueMs = performance.now() + this.#jitteredMs(failedBefore)
    while (!this.#stopping.signal.aborted && line.disabled === undefined) {
      const entry = this.#outbox.head(line.name)
      if (!entry) {
        await this.#untilWoken(line, IDLE_MS)
        continue
      }
      // an attempt before its time (a restart, a new message) is a probe: it does not use up the schedule
      const counts = performance.now() >= line.dueMs
      const result = await this.#attempt(line, entry)
      if (!result) return
      const askedMs = this.#settle(line, entry, result, counts)
      if (askedMs === undefined) line.dueMs = 0
      else await this.#rest(line, askedMs)
    }
  }

  /** Waits until the line is due. After `PROBE_MS`, and after the receiver's Retry-After, a new message ends the wait. */
  async #rest(line: Line, askedMs: number): Promise<void> {
    const leftMs = () => line.dueMs - performance.now()
    await pause(Math.max(askedMs, Math.min(leftMs(), this.#probeMs)), this.#stopping.signal)
    while (leftMs() > 0 && !this.#stopping.signal.aborted) if (await this.#untilWoken(line, leftMs())) return
  }

  #jitteredMs(failures: number): number {
    return this.#random() * (this.#scheduleMs[failures] ?? 0)
  }

  /** Waits for a time or a new message; true where a message came. */
  async #untilWoken(line: Line, ms: number): Promise<boolean> {
    const timedOut = !this.#stopping.signal.aborted && (await pause(ms, line.wake.signal))
    if (line.wake.signal.aborted) line.wake = new AbortController()
    return !timedOut
  }

  /** One attempt; undefined where the collector stopped before its end. */
  async #attempt(line: Line, { message }: Queued): Promise<DeliveryResult | undefined> {
    try {
      const result = await withDeadline(
        (signal) => line.session.send(message, signal),
        this.#deadlineMs,
        this.#cut.signal,
      )
      // a channel may report our own abort as a failure
      return this.#cut.signal.aborted && result.outcome === 'retry' ? undefined : result
    } catch (error) {
      return this.#cut.signal.aborted ? undefined : { outcome: 'retry', reason: reasonOf(error) }
    }
  }

  /**
   * Records the result of an attempt.
   * @returns the wait that the receiver asked for, ms (0: none), where the attempt is repeated; then `dueMs` is set too
   */
  #settle(
    line: Line,
    { message, attempts }: Queued,
    result: DeliveryResult,
    counts: boolean,
  ): number | undefined {
    const { name } = line
    const { outcome } = result
    const attempt: DeliveryAttempt = {
      atMs: this.#now(),
      messageId: message.id,
      type: message.type,
      ...result,
    }
    delete (attempt as { retryAfterMs?: number }).retryAfterMs
    line.attempts.push(attempt)
    if (line.attempts.length > ATTEMPTS_KEPT) line.attempts.shift()

    if (outcome === 'delivered') line.delivered++
    else line.failed++
    if (outcome === 'delivered') {
      this.#outbox.settle(name, message.id)
      if (line.failing) this.#log.info('receiver-recovered', { receiver: name })
      line.failing = false
      return undefined
    }
    const { reason } = result
    if (outcome === 'gone') {
      line.disabled = reason
      this.#log.error('receiver-disabled', {
        receiver: name,
        reason,
        next: 'it accepts no more messages; remove it from the configuration, or correct its address and restart',
      })
      return undefined
    }
    const failures = attempts + (counts ? 1 : 0)
    if (outcome === 'refused' || failures >= this.#scheduleMs.length) {
      this.#outbox.bury(name, message.id, reason)
      this.#log.error('message-undeliverable', {
        receiver: name,
        messageId: message.id,
        attempts: failures,
        reason,
        next: 'it is kept as a dead letter; correct the receiver, then replay it',
      })
      return undefined
    }
    const nowMs = performance.now()
    if (counts) {
      this.#outbox.failed(name, message.id)
      line.dueMs = nowMs + this.#jitteredMs(failures)
    }
    const askedMs = result.retryAfterMs ?? 0
    line.dueMs = Math.max(line.dueMs, nowMs + askedMs)
    attempt.retryInMs = Math.round(line.dueMs - nowMs)
    if (!line.failing)
      this.#log.warn('receiver-failing', { receiver: name, reason, retryInMs: attempt.retryInMs })
    line.failing = true
    return askedMs
  }
}
