import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { isRefused, type Store } from '../plugin/store.ts'
import { storeCall } from '../plugin/store-calls.ts'
import type { StoreAway, StoreTrouble } from '../plugin/store-health.ts'

type Kind = 'writing' | 'reading'

/** A call that does not end in this time hangs. */
const HANGS_MS = 30_000
/** A failure that was not tried again within this time tells nothing of the store any more. */
const FORGOTTEN_MS = 120_000

/** A store whose calls are watched. Reads and writes are told apart: a full disk still reads. */
export class WatchedStore {
  readonly store: Store
  readonly #nowMs: () => number
  readonly #steadyMs: () => number
  readonly #log: Log
  readonly #onDone: (call: string, ms: number) => void
  readonly #failing = new Map<Kind, StoreAway>()
  /** by call, since its last success */
  readonly #troubles = new Map<string, { sinceMs: number; lastMs: number; reason: string }>()
  readonly #working = new Map<symbol, { call: string; sinceMs: number }>()
  #done = 0

  /**
   * @param steadyMs a clock that never steps, ms
   * @param onDone told of each call that succeeded, and how long it took
   */
  constructor(
    store: Store,
    {
      nowMs,
      steadyMs,
      log,
      onDone = () => {},
    }: {
      nowMs: () => number
      steadyMs: () => number
      log: Log
      onDone?: ((call: string, ms: number) => void) | undefined
    },
  ) {
    this.#onDone = onDone
    this.#nowMs = nowMs
    this.#steadyMs = steadyMs
    this.#log = log
    this.store = new Proxy(store, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown
        if (typeof value !== 'function') return value
        const method = value.bind(target) as (...args: unknown[]) => unknown
        if (storeCall(name) === 'manages' || typeof name === 'symbol') return method
        return (...args: unknown[]) => this.#watch(name, () => method(...args))
      },
    })
  }

  /** What fails since its last success; writing before reading. */
  get away(): StoreAway | undefined {
    return this.#failing.get('writing') ?? this.#failing.get('reading')
  }

  /** Calls that succeeded. */
  get done(): number {
    return this.#done
  }

  /** What fails or hangs longest of these calls. */
  trouble(calls: ReadonlySet<string>): StoreTrouble | undefined {
    const now = this.#steadyMs()
    for (const [call, { lastMs }] of this.#troubles)
      if (now - lastMs > FORGOTTEN_MS) this.#troubles.delete(call)
    const hung = [...this.#working.values()].filter(({ sinceMs }) => now - sinceMs > HANGS_MS)
    const found = [
      ...[...this.#troubles].map(([call, { sinceMs, reason }]) => ({ call, sinceMs, reason })),
      ...hung.map(({ call, sinceMs }) => {
        return { call, sinceMs, reason: `it has not answered for ${Math.round((now - sinceMs) / 1000)} s` }
      }),
    ]
    const [first] = found.filter(({ call }) => calls.has(call)).sort((a, b) => a.sinceMs - b.sinceMs)
    return first && { call: first.call, reason: first.reason, stillS: (now - first.sinceMs) / 1000 }
  }

  #watch(name: string, work: () => unknown): unknown {
    const sinceMs = this.#steadyMs()
    const result = work()
    if (!(result instanceof Promise)) return result
    const kind: Kind = storeCall(name) === 'writes' ? 'writing' : 'reading'
    const token = Symbol(name)
    this.#working.set(token, { call: name, sinceMs })
    void result.then(
      () => {
        this.#onDone(name, this.#steadyMs() - sinceMs)
        this.#ended(token, name, kind)
      },
      (error: unknown) => {
        this.#working.delete(token)
        this.#failed({ name, kind, sinceMs }, error)
      },
    )
    return result
  }

  #ended(token: symbol, name: string, kind: Kind): void {
    this.#working.delete(token)
    this.#done++
    this.#troubles.delete(name)
    this.#succeeded(kind)
  }

  #succeeded(kind: Kind): void {
    const away = this.#failing.get(kind)
    if (!away) return
    this.#failing.delete(kind)
    this.#log.info('the store answers again', { after: kind, awayMs: this.#nowMs() - away.sinceMs })
  }

  #failed({ name, kind, sinceMs }: { name: string; kind: Kind; sinceMs: number }, error: unknown): void {
    if (error instanceof PerwattError && error.code === 'store-closed') return
    if (isRefused(error)) {
      // it answered: what it refuses is no fault of its own
      this.#troubles.delete(name)
      this.#succeeded(kind)
      return
    }
    // what hung before it failed has not moved since it began
    const first = this.#troubles.get(name)?.sinceMs ?? sinceMs
    this.#troubles.set(name, { sinceMs: first, lastMs: this.#steadyMs(), reason: reasonOf(error) })
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
