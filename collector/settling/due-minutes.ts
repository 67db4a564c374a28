import { MINUTE_MS } from '../../protocol/units.ts'

/** Debounce: a minute that gets late records is settled again when none came for this long ... */
const LATE_QUIET_MS = 2_000
/** ... and at the latest after this, however many still come. */
const LATE_WAIT_MS = 30_000

/** Minutes whose ledger differs from what their records say, with the time at which each is to be settled. */
export class DueMinutes {
  readonly #nowMs: () => number
  readonly #settleDelayMs: number
  readonly #minutes = new Map<number, { addedMs: number; dueMs: number; latestMs: number }>()

  /** @param settleDelayMs how long after its end a minute waits for its records */
  constructor(nowMs: () => number, settleDelayMs: number) {
    this.#nowMs = nowMs
    this.#settleDelayMs = settleDelayMs
  }

  /** Records of this minute were stored: settle it when it is quiet. */
  addLate(minuteMs: number): void {
    this.add(minuteMs, this.#nowMs() + LATE_QUIET_MS)
  }

  /** Settle this minute at `dueMs`, but not before it is over and its records had their time. */
  add(minuteMs: number, dueMs: number): void {
    const firstDueMs = this.#firstDueMs(minuteMs)
    const addedMs = this.#nowMs()
    const latestMs = this.#minutes.get(minuteMs)?.latestMs ?? Math.max(firstDueMs, addedMs + LATE_WAIT_MS)
    this.#minutes.set(minuteMs, { addedMs, dueMs: Math.min(latestMs, Math.max(firstDueMs, dueMs)), latestMs })
  }

  addAll(minutes: Iterable<number>, dueMs: number): void {
    for (const minute of minutes) this.add(minute, dueMs)
  }

  /** Settle this minute after `waitMs`, or when a record of it comes. */
  postpone(minuteMs: number, waitMs: number): void {
    const addedMs = this.#nowMs()
    const dueMs = addedMs + waitMs
    this.#minutes.set(minuteMs, { addedMs, dueMs, latestMs: dueMs })
  }

  /** Removes and returns at most `limit` minutes that are due, newest first, because people look at the newest most. */
  takeDue(limit: number): number[] {
    const now = this.#nowMs()
    const due = [...this.#minutes]
      // queued by a clock that was set back since: it is due when it is over
      .filter(([minute, { addedMs, dueMs }]) => (addedMs > now ? this.#firstDueMs(minute) : dueMs) <= now)
      .map(([minute]) => minute)
      .sort((a, b) => b - a)
      .slice(0, limit)
    for (const minute of due) this.#minutes.delete(minute)
    return due
  }

  /** Forgets all others. */
  keep(isKept: (minuteMs: number) => boolean): void {
    for (const minute of this.#minutes.keys()) if (!isKept(minute)) this.#minutes.delete(minute)
  }

  #firstDueMs(minuteMs: number): number {
    return minuteMs + MINUTE_MS + this.#settleDelayMs
  }

  /** How many minutes are queued. */
  get size(): number {
    return this.#minutes.size
  }

  /** How many minutes are over, had time for their records, and are not settled. */
  get overdue(): number {
    const endMs = this.#nowMs() - MINUTE_MS - this.#settleDelayMs
    return [...this.#minutes.keys()].filter((minute) => minute < endMs).length
  }
}
