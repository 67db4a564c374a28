import type { WatchedCounter } from '../../counting/watched-counter.ts'
import { shortName } from './series-names.ts'

type State = WatchedCounter['state']

/** The next run remembers so many series, those that were seen last. */
const MOST_REMEMBERED = 64

/**
 * What a run of the agent tells the next one of its series, so that a server that took another one's place meanwhile is held against the time.
 * Times are kept as wall clock times, because the monotonic clock begins again.
 */
export class SeriesMemory {
  /** by the series' short name; times are Unix ms */
  #recalled: ReadonlyMap<string, State> = new Map()
  /** Unix time minus the monotonic clock's, ms */
  aheadMs = 0

  /** JSON. */
  remembered(known: ReadonlyMap<string, { counter: WatchedCounter }>): unknown {
    return [...known].slice(-MOST_REMEMBERED).map(([id, { counter }]) => {
      const [value, atMs, provenPerS] = counter.state
      return [shortName(id), value, atMs + this.aheadMs, provenPerS]
    })
  }

  /** @param remembered as an earlier run gave it; anything else is taken for nothing */
  recall(remembered: unknown): void {
    this.#recalled = new Map(Array.isArray(remembered) ? remembered.flatMap(stateOf) : [])
  }

  /** @returns the state of a series, its time in ms of the monotonic clock; undefined: nothing is remembered of it */
  of(id: string): State | undefined {
    const state = this.#recalled.size > 0 ? this.#recalled.get(shortName(id)) : undefined
    if (!state) return undefined
    const [value, wallMs, provenPerS] = state
    return [value, wallMs - this.aheadMs, provenPerS]
  }
}

function stateOf(one: unknown): [string, State][] {
  const [name, value, wallMs, provenPerS, ...more] = Array.isArray(one) ? one : []
  const isNumber = (n: unknown): n is number => typeof n === 'number' && n >= 0
  return typeof name === 'string' &&
    isNumber(value) &&
    isNumber(wallMs) &&
    isNumber(provenPerS) &&
    more.length === 0
    ? [[name, [value, wallMs, provenPerS]]]
    : []
}
