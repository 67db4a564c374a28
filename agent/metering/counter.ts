import type { OwnerCounters } from '../plugin/reading.ts'

/** Readings in a row that must agree before a smaller value is believed to be a new start. */
const STRIKES = {
  /** the machine's uptime went back too */
  restarted: 1,
  /** it has no uptime (a meter, a language server): one reading of zeros is a hiccup, two are a new start */
  unknown: 2,
  /** its uptime says that it ran through */
  ranThrough: 3,
} as const

/** A machine may count a while before its uptime begins. */
const START_MS = 30_000

export interface CounterState {
  last: number
  strikes: number
  /** when that was, Unix ms */
  atMs?: number
}

/** How much a machine can do: what a new start shows is believed up to this. */
export interface CounterLimit {
  /** now, Unix ms */
  atMs: number
  /** at most in a ms, and at once */
  perMs: number
  atOnce: number
  /** since when it runs: a new start counts from there */
  upMs?: number | undefined
  /** whether that also bounds a counter that goes on; a meter's can't be, for it may stand for a site that was idle before and after */
  boundsGrowth: boolean
}

/**
 * A cumulative counter of a machine, as differences. A smaller value is a new start (reboot, wrap): what it shows was
 * counted since, so it is the difference: too little by what came before a wrap, and never too much: more than the machine can
 * do since is another machine's past, or an old value restored. A reading that is not believed is no difference, and the next one
 * that is covers its time. The differences of whole-number readings are whole,
 * so their sum is exact.
 */
export class Counter {
  #state: CounterState | undefined

  constructor(state?: CounterState) {
    this.#state = state && { ...state }
  }

  /** The value that the next difference is from. */
  get last(): number | undefined {
    return this.#state?.last
  }

  get state(): CounterState | undefined {
    return this.#state && { ...this.#state }
  }

  /**
   * What was added since the last reading; undefined at the first one, or where this one is not believed.
   * @param restarted true: the machine restarted since; false: it did not; undefined: it doesn't say
   */
  advance(value: number, restarted: boolean | undefined, plausible: CounterLimit): number | undefined {
    if (!Number.isFinite(value) || value < 0) return undefined
    const before = this.#state
    const { atMs, perMs, atOnce, upMs, boundsGrowth } = plausible
    // a state of an older agent doesn't say when it was: what was counted since is not to be lost
    const most =
      before?.atMs === undefined ? Number.POSITIVE_INFINITY : perMs * Math.max(0, atMs - before.atMs) + atOnce
    if (!before) {
      this.#state = { last: value, strikes: 0, atMs }
      return undefined
    }
    if (value < before.last) {
      const needed =
        restarted === undefined ? STRIKES.unknown : restarted ? STRIKES.restarted : STRIKES.ranThrough
      if (++before.strikes < needed) return undefined
      this.#state = { last: value, strikes: 0, atMs }
      const mostSince = restarted && upMs !== undefined ? Math.min(most, perMs * (upMs + START_MS)) : most
      return value <= mostSince ? value : undefined
    }
    const added = value - before.last
    if (boundsGrowth && added > most) {
      // one such reading is a hiccup; two are another past, of which nothing is this machine's
      if (++before.strikes >= STRIKES.unknown) this.#state = { last: value, strikes: 0, atMs }
      return undefined
    }
    this.#state = { last: value, strikes: 0, atMs }
    return added
  }
}

/** Counters of owners, each as one value: a pool that is configured twice counts once, by its sum. */
export function sumByOwner(
  counters: readonly OwnerCounters[],
  keyOf: (owner: OwnerCounters['owner']) => string,
): Map<string, OwnerCounters> {
  const sums = new Map<string, OwnerCounters>()
  for (const c of counters) {
    const key = keyOf(c.owner)
    const sum: OwnerCounters = sums.get(key) ?? { owner: c.owner }
    for (const quantity of OWNER_QUANTITIES) {
      const value = c[quantity]
      if (value !== undefined) sum[quantity] = (sum[quantity] ?? 0) + value
    }
    sums.set(key, sum)
  }
  return sums
}

export const OWNER_QUANTITIES = ['workDiff1', 'tokensIn', 'tokensInCached', 'tokensOut'] as const
