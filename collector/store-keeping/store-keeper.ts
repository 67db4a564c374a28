import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pause } from '../../protocol/kit/retry.ts'
import { STANDS_BY, type Store } from '../plugin/store.ts'
import type { StoreAway, StoreHealth, StorePulseSource, StoreTrouble } from '../plugin/store-health.ts'
import { gated } from './store-gate.ts'
import { awayOf, WatchedStore } from './watched-store.ts'

/** No later attempt can succeed without a person at this machine: the start fails, as for a wrong configuration. */
const FOR_GOOD: ReadonlySet<string> = new Set(['store-newer', 'store-native-missing', 'store-locked'])
/** A start waits so long for the store; then everything that needs none runs, and the store is tried on. */
const FIRST_WAIT_MS = 5_000
const STOP_WITHIN_MS = 1_000
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 15_000

export interface StoreKeeperOptions {
  store: Store
  nowMs: () => number
  log: Log
  /** rejects while another collector has the store */
  obtain?: () => Promise<void>
  /** why the store takes nothing though it answers; undefined: it takes what it is given */
  shut?: () => PerwattError | undefined
  /** waits between two attempts; resolves with false where the signal aborts */
  wait?: (ms: number, signal: AbortSignal) => Promise<boolean>
  firstWaitMs?: number
  /** told of each call of the store that succeeded, and how long it took, ms */
  onDone?: (call: string, ms: number) => void
  /** a clock that never steps, ms */
  steadyMs?: () => number
}

/** Opens the store as soon as it answers, and knows how it is from then on. */
export class StoreKeeper implements StorePulseSource {
  /** the store; its calls are watched, and it takes nothing while another collector has it */
  readonly store: Store
  readonly #o: StoreKeeperOptions
  readonly #watched: WatchedStore
  readonly #stop = new AbortController()
  readonly #steadyMs: () => number
  #opening: StoreAway | undefined
  #openingSinceMs = 0
  #hurry: AbortController | undefined
  #attempts: Promise<void> = Promise.resolve()

  constructor(options: StoreKeeperOptions) {
    this.#o = options
    const { steadyMs = () => performance.now() } = options
    this.#steadyMs = steadyMs
    this.#watched = new WatchedStore(options.store, { ...options, steadyMs })
    this.store = gated(this.#watched.store, () => options.shut?.())
  }

  get name(): string {
    return this.#o.store.name
  }

  get done(): number {
    return this.#watched.done
  }

  trouble(calls: ReadonlySet<string>): StoreTrouble | undefined {
    if (!this.#opening) return this.#watched.trouble(calls)
    // another collector works on it: the broker's pulse tells that
    if (this.#o.shut?.()?.code === STANDS_BY) return undefined
    const { reason, cure } = this.#opening
    const stillS = (this.#steadyMs() - this.#openingSinceMs) / 1000
    return { call: 'open', reason: `${reason}; ${cure}`, stillS }
  }

  get health(): StoreHealth {
    const away = this.#opening ?? this.#watched.away
    return { ...(away ? { away } : {}), warnings: this.#o.store.warnings ?? [] }
  }

  /**
   * Opens the store and runs `begin`. Resolves when both are done, or after a few seconds: then it goes on trying by itself.
   * @param begin may be called again where it rejected
   * @throws PerwattError where no attempt can succeed
   */
  async open(begin: () => Promise<void>): Promise<void> {
    let failed: unknown
    const first = this.#attempt(begin).catch((error: unknown) => {
      failed = error
    })
    const { firstWaitMs = FIRST_WAIT_MS } = this.#o
    await Promise.race([first, pause(firstWaitMs, this.#stop.signal)])
    if (failed instanceof PerwattError && FOR_GOOD.has(failed.code)) throw failed
    this.#attempts = first.then(async () => {
      if (failed !== undefined) await this.#tryOn(begin, failed)
    })
    if (failed !== undefined) this.#tell(failed)
  }

  /** Opens at once, where it waits to try again. */
  hurry(): void {
    this.#hurry?.abort()
  }

  /** Gives up opening; resolves when no attempt is in work, or it hangs. The store itself stays as it is. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.race([this.#attempts, pause(STOP_WITHIN_MS)])
  }

  async #tryOn(begin: () => Promise<void>, failed: unknown): Promise<void> {
    const { wait = pause } = this.#o
    let error = failed
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs)) {
      this.#tell(error)
      const hurry = new AbortController()
      this.#hurry = hurry
      const waited = await wait(pauseMs, AbortSignal.any([this.#stop.signal, hurry.signal]))
      if (this.#stop.signal.aborted || !(waited || hurry.signal.aborted)) return
      try {
        await this.#attempt(begin)
        this.#o.log.info('the store is open; the ledger goes on')
        return
      } catch (reason) {
        error = reason
      }
    }
  }

  async #attempt(begin: () => Promise<void>): Promise<void> {
    if (!this.#opening) this.#openingSinceMs = this.#steadyMs()
    this.#opening ??= {
      sinceMs: this.#o.nowMs(),
      fails: 'opening',
      reason: 'it is being opened',
      cure: 'wait for a moment',
    }
    await this.#o.store.open(this.#o.obtain)
    if (this.#stop.signal.aborted) return
    await begin()
    this.#opening = undefined
  }

  #tell(error: unknown): void {
    const before = this.#opening
    const away = awayOf(error, 'opening', before?.sinceMs ?? this.#o.nowMs())
    this.#opening = away
    const isTold = error instanceof PerwattError && error.code === STANDS_BY
    // when it is this one's turn, it has only begun to open
    if (isTold) this.#openingSinceMs = this.#steadyMs()
    else if (before?.reason !== away.reason)
      this.#o.log.error('the store can’t be opened; live screens and broker run, agents keep their records', {
        reason: reasonOf(error),
      })
  }
}
