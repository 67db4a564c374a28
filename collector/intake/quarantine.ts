import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { Quarantined, Store } from '../plugin/store.ts'

/** Entries kept in the store: a day of a machine's records under a wrong clock, and never enough to fill a disk. What comes faster than it is written is only counted. */
const KEPT = 10_000
/** Kinds of fault that are said in the log, each once. */
const SAID = 1_000
/** Names that are counted by themselves: anybody may publish under any. */
const AGENTS = 10_000

/** Messages and records that could not be used: counted, the newest kept in the store, said in the log once a topic and reason. */
export class Quarantine {
  readonly #store: Store
  readonly #log: Log
  #waiting: Quarantined[] = []
  #count = 0
  readonly #byAgent = new Map<string, number>()
  readonly #said = new Set<string>()

  constructor(store: Store, log: Log) {
    this.#store = store
    this.#log = log
  }

  /** How many there were since the start. */
  get count(): number {
    return this.#count
  }

  /** The same by agent; '' where none could be told. */
  get byAgent(): ReadonlyMap<string, number> {
    return this.#byAgent
  }

  add(entry: Quarantined): void {
    this.#count++
    const { agentId } = entry
    if (this.#byAgent.has(agentId) || this.#byAgent.size < AGENTS)
      this.#byAgent.set(agentId, (this.#byAgent.get(agentId) ?? 0) + 1)
    if (this.#waiting.length < KEPT) this.#waiting.push(entry)
    const key = `${entry.topic}|${entry.reason.replace(/\d+/g, '#')}`
    if (this.#said.has(key) || this.#said.size > SAID) return
    this.#said.add(key)
    this.#log.warn('message put aside; the like of it will only be counted', {
      agent: entry.agentId,
      topic: entry.topic,
      reason: entry.reason,
    })
  }

  /** Writes what waits. Never rejects. */
  async flush(): Promise<void> {
    const entries = this.#waiting
    if (entries.length === 0) return
    this.#waiting = []
    await this.#store
      .quarantine(entries, KEPT)
      .catch((error) =>
        this.#log.error('quarantine not written', { entries: entries.length, reason: reasonOf(error) }),
      )
  }
}
