import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Pulse } from '../plugin/pulse.ts'
import type { Store } from '../plugin/store.ts'
import { storeCure } from './store-cure.ts'

/** The writes that the collector repeats by itself until they succeed, and what does not happen while they fail. */
const WRITES = {
  open: 'the store can’t be opened',
  append: 'records are not stored',
  appendAll: 'records are not stored',
  settle: 'settled minutes are not stored',
  hold: 'settled minutes are not stored',
  writeQuotes: 'prices are not stored',
  writeSamples: 'samples for charts are not stored',
  quarantine: 'messages that were put aside are not stored',
  prune: 'old samples are not removed',
} as const
type Write = keyof typeof WRITES
const isWrite = (name: PropertyKey): name is Write => Object.hasOwn(WRITES, name)

/** A write that fails again and again, or hangs, stands still after this. */
const LIMIT_S = 30
/** A failure that was not tried again within this time tells nothing of the store any more. */
const FORGET_S = 120

interface Trouble {
  sinceMs: number
  lastMs: number
  reason: string
}

/** A store that is watched: which of its writes fail or hang, since when, and why. Nothing else of it changes. */
export class StoreWatch {
  readonly store: Store
  readonly #steadyMs: () => number
  readonly #failing = new Map<Write, Trouble>()
  /** begin of each write in work */
  readonly #working = new Map<symbol, { write: Write; sinceMs: number }>()
  #done = 0

  constructor(store: Store, steadyMs: () => number) {
    this.#steadyMs = steadyMs
    this.store = new Proxy(store, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target) as unknown
        if (typeof value !== 'function') return value
        const bound = value.bind(target) as (...args: unknown[]) => Promise<unknown>
        return isWrite(name) ? (...args: unknown[]) => this.#watched(name, () => bound(...args)) : bound
      },
    })
  }

  pulse(): Pulse {
    const now = this.#steadyMs()
    for (const [write, { lastMs }] of this.#failing)
      if (now - lastMs > FORGET_S * 1000) this.#failing.delete(write)
    const [failing] = [...this.#failing].sort(([, a], [, b]) => a.sinceMs - b.sinceMs)
    const [hung] = [...this.#working.values()]
      .filter(({ sinceMs }) => now - sinceMs > LIMIT_S * 1000)
      .sort((a, b) => a.sinceMs - b.sinceMs)
    const [write, trouble] = failing ?? [
      hung?.write,
      hung && {
        sinceMs: hung.sinceMs,
        lastMs: now,
        reason: `it has not answered for ${Math.round((now - hung.sinceMs) / 1000)} s`,
      },
    ]
    const base = { part: 'store' as const, moves: this.#done, limitS: LIMIT_S }
    if (write === undefined || trouble === undefined)
      return { ...base, waiting: 0, why: () => ({ kind: 'store', what: WRITES.append, cause: '', cure: '' }) }
    const { name } = this.store
    return {
      ...base,
      // other writes may succeed: the one that fails does not move
      moves: `${write} since ${trouble.sinceMs}`,
      stillS: (now - trouble.sinceMs) / 1000,
      waiting: 1,
      why: () => ({
        kind: 'store',
        what: WRITES[write],
        cause: `the store ${name} refuses or fails: ${trouble.reason}`,
        cure: storeCure(trouble.reason),
      }),
    }
  }

  async #watched<T>(write: Write, work: () => Promise<T>): Promise<T> {
    const token = Symbol(write)
    const begunMs = this.#steadyMs()
    this.#working.set(token, { write, sinceMs: begunMs })
    try {
      const result = await work()
      this.#done++
      this.#failing.delete(write)
      return result
    } catch (error) {
      // what hung before it failed has not moved since it began
      const sinceMs = this.#failing.get(write)?.sinceMs ?? begunMs
      this.#failing.set(write, { sinceMs, lastMs: this.#steadyMs(), reason: reasonOf(error) })
      throw error
    } finally {
      this.#working.delete(token)
    }
  }
}
