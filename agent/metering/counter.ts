/** Odd readings in a row after which a counter reset is accepted. Fewer are taken for a hiccup of the machine's API. */
const STRIKES = {
  /** the machine's uptime shows a restart */
  restarted: 1,
  /** the machine has no uptime (a meter, an LLM server): it may answer one poll with zeros */
  unknown: 2,
  /** the machine's uptime shows that it did not restart */
  ranThrough: 3,
} as const

/** A machine may count for this long before its uptime starts. */
const BOOT_MS = 30_000

/** Kept on disk as JSON in the spool's checkpoint. */
export interface CounterState {
  last: number
  /** odd readings in a row since `last` */
  strikes: number
  /** time of `last`, Unix ms; absent in states that an older version of the agent wrote */
  atMs?: number
}

/** The most that a machine can count, so that a wrong reading is not booked as energy or work. Amounts in the counter's unit. */
export interface CounterLimit {
  /** time of the reading, Unix ms */
  atMs: number
  /** at most this much per ms between two readings, and `atOnce` on top of it */
  perMs: number
  atOnce: number
  /** how long the machine has been up: after a restart it can't have counted for longer */
  upMs?: number | undefined
  /**
   * Most growth per ms of the time since the last reading, with `atOnce` on top. Absent: it has no limit. More than `perMs` for meters,
   * whose counters may belong to a site that was idle at both readings and busy between them.
   */
  growthPerMs?: number
}

/**
 * Turns a machine's cumulative counter into differences. A smaller value is a counter reset (reboot, wrap): the machine counted
 * that value since, so the value is the difference. That misses what came before a wrap, and never counts too much. A value
 * above the limit belongs to another machine or to a restored old state, and counts nothing. Where a reading gives no
 * difference, the next good reading covers its time. Whole readings give whole differences, so their sum is exact.
 */
export class Counter {
  #state: CounterState | undefined

  constructor(state?: CounterState) {
    this.#state = state && { ...state }
  }

  /** The value that the next difference starts from. */
  get last(): number | undefined {
    return this.#state?.last
  }

  get state(): CounterState | undefined {
    return this.#state && { ...this.#state }
  }

  /** The wall clock was set by so much: the time of the last reading is now in the new one. */
  clockSet(stepMs: number): void {
    const { atMs } = this.#state ?? {}
    if (this.#state && atMs !== undefined) this.#state = { ...this.#state, atMs: atMs + stepMs }
  }

  /**
   * The growth since the last reading; undefined at the first reading and at one that is refused.
   * @param restarted whether the machine restarted since then; undefined: it has no uptime
   */
  advance(value: number, restarted: boolean | undefined, limit: CounterLimit): number | undefined {
    if (!Number.isFinite(value) || value < 0) return undefined
    const state = this.#state
    if (!state) {
      this.#countFrom(value, limit.atMs)
      return undefined
    }
    return value < state.last ? this.#reset(state, value, restarted, limit) : this.#grown(state, value, limit)
  }

  /** The next difference starts from this value. */
  goOnFrom(value: number, atMs: number): void {
    if (Number.isFinite(value) && value >= 0) this.#countFrom(value, atMs)
  }

  #reset(
    state: CounterState,
    value: number,
    restarted: boolean | undefined,
    limit: CounterLimit,
  ): number | undefined {
    const needed =
      restarted === undefined ? STRIKES.unknown : restarted ? STRIKES.restarted : STRIKES.ranThrough
    if (++state.strikes < needed) return undefined
    this.#countFrom(value, limit.atMs)
    const most = mostSince(state, limit)
    const mostUp =
      restarted && limit.upMs !== undefined ? Math.min(most, limit.perMs * (limit.upMs + BOOT_MS)) : most
    return value <= mostUp ? value : undefined
  }

  #grown(state: CounterState, value: number, limit: CounterLimit): number | undefined {
    const added = value - state.last
    const { growthPerMs } = limit
    if (growthPerMs !== undefined && added > mostSince(state, { ...limit, perMs: growthPerMs })) {
      // two such readings in a row: the counter belongs to another machine or was restored, so none of the growth counts
      if (++state.strikes >= STRIKES.unknown) this.#countFrom(value, limit.atMs)
      return undefined
    }
    this.#countFrom(value, limit.atMs)
    return added
  }

  #countFrom(value: number, atMs: number): void {
    this.#state = { last: value, strikes: 0, atMs }
  }
}

/** Whether a counter can have come from 0 to its value since this state. */
export const canHaveBegun = (state: CounterState, value: number, limit: CounterLimit): boolean =>
  value <= mostSince(state, limit)

/** The most that can have been added since the last reading; without its time there is no limit, or that growth would be lost. */
function mostSince({ atMs: lastMs }: CounterState, { atMs, perMs, atOnce }: CounterLimit): number {
  return lastMs === undefined ? Number.POSITIVE_INFINITY : perMs * Math.max(0, atMs - lastMs) + atOnce
}
