import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { isRefused, type Quarantined, type Store } from '../plugin/store.ts'

/**
 * Entries kept in the store: about a day of one machine's records under a wrong clock, and never enough to fill a disk. As many may
 * wait to be written; more are only counted.
 */
const KEPT = 10_000
/** Kinds of fault that are logged, each once. */
const LOGGED_KINDS = 1_000
/** Agents that are counted one by one. The number is bounded because anybody may publish under any name. */
const COUNTED_AGENTS = 10_000

/** Messages and records that can't be used: counted, the newest kept in the store, logged once for each topic and reason. */
export class Quarantine {
  readonly #store: Store
  readonly #log: Log
  #waiting: Quarantined[] = []
  #count = 0
  #failing = false
  #flushing: Promise<void> = Promise.resolve()
  readonly #byAgent = new Map<string, number>()
  readonly #logged = new Set<string>()

  constructor(store: Store, log: Log) {
    this.#store = store
    this.#log = log
  }

  /** How many there were since the start. */
  get count(): number {
    return this.#count
  }

  /** How many there were by agent; '' for messages whose topic names no agent. */
  get byAgent(): ReadonlyMap<string, number> {
    return this.#byAgent
  }

  add(entry: Quarantined): void {
    this.#count++
    const { agentId } = entry
    if (this.#byAgent.has(agentId) || this.#byAgent.size < COUNTED_AGENTS)
      this.#byAgent.set(agentId, (this.#byAgent.get(agentId) ?? 0) + 1)
    if (this.#waiting.length < KEPT) this.#waiting.push(entry)
    const kind = `${entry.topic}|${entry.reason.replace(/\d+/g, '#')}`
    if (this.#logged.has(kind) || this.#logged.size > LOGGED_KINDS) return
    this.#logged.add(kind)
    this.#log.warn('message put aside; more of this kind will only be counted', {
      agent: entry.agentId,
      topic: entry.topic,
      reason: entry.reason,
    })
  }

  /** Writes what waits; what the store can't take is tried again with the next. Never rejects. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#flush())
    return this.#flushing
  }

  async #flush(): Promise<void> {
    const entries = this.#waiting
    if (entries.length === 0) return
    this.#waiting = []
    try {
      await this.#store.quarantine(entries, KEPT)
      this.#failing = false
    } catch (error) {
      if (isRefused(error)) {
        // the store has taken all others, and would refuse these again
        this.#log.error('the store refuses what was put aside; it is only counted', {
          reason: reasonOf(error),
        })
        return
      }
      this.#waiting = [...entries, ...this.#waiting].slice(-KEPT)
      if (!this.#failing)
        this.#log.error('quarantine not written; will try again', {
          entries: entries.length,
          reason: reasonOf(error),
        })
      this.#failing = true
    }
  }
}
