import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { isRefused, type Store } from '../plugin/store.ts'
import type { StoreAway } from '../plugin/store-health.ts'

type Kind = 'writing' | 'reading'

/** Methods that change what the store holds; every other reads. */
const WRITES = /^(append|appendAll|settle|hold|decide|prune|quarantine|write[A-Z].*)$/
/** Not calls of its work. */
const OTHERS: ReadonlySet<string | symbol> = new Set(['open', 'close', 'onEmptied'])

/** A store whose calls are watched. Reads and writes are told apart: a full disk still reads. */
export class WatchedStore {
  readonly store: Store
  readonly #nowMs: () => number
  readonly #log: Log
  readonly #failing = new Map<Kind, StoreAway>()

  constructor(store: Store, { nowMs, log }: { nowMs: () => number; log: Log }) {
    this.#nowMs = nowMs
    this.#log = log
    this.store = new Proxy(store, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown
        if (typeof value !== 'function') return value
        const method = value.bind(target) as (...args: unknown[]) => unknown
        if (OTHERS.has(name) || typeof name === 'symbol') return method
        return (...args: unknown[]) => this.#watch(name, method(...args))
      },
    })
  }

  /** What fails since its last success; writing before reading. */
  get away(): StoreAway | undefined {
    return this.#failing.get('writing') ?? this.#failing.get('reading')
  }

  #watch(name: string, result: unknown): unknown {
    if (!(result instanceof Promise)) return result
    const kind: Kind = WRITES.test(name) ? 'writing' : 'reading'
    void result.then(
      () => this.#succeeded(kind),
      (error: unknown) => this.#failed(kind, error),
    )
    return result
  }

  #succeeded(kind: Kind): void {
    const away = this.#failing.get(kind)
    if (!away) return
    this.#failing.delete(kind)
    this.#log.info('the store answers again', { after: kind, awayMs: this.#nowMs() - away.sinceMs })
  }

  #failed(kind: Kind, error: unknown): void {
    if (error instanceof PerwattError && error.code === 'store-closed') return
    if (isRefused(error)) {
      // it answered: what it refuses is no fault of its own
      this.#succeeded(kind)
      return
    }
    const before = this.#failing.get(kind)
    this.#failing.set(kind, awayOf(error, kind, before?.sinceMs ?? this.#nowMs()))
    if (!before) this.#log.error('the store is away', { fails: kind, reason: reasonOf(error) })
  }
}

/** An error of a store as the state that it means. Its message ends with what to do, behind the last semicolon. */
export function awayOf(error: unknown, fails: StoreAway['fails'], sinceMs: number): StoreAway {
  const message = reasonOf(error)
  const cut = message.lastIndexOf('; ')
  if (!(error instanceof PerwattError) || cut < 0)
    return { sinceMs, fails, reason: message, cure: 'look at the collector’s log and at the store' }
  return { sinceMs, fails, reason: message.slice(0, cut), cure: message.slice(cut + 2) }
}
