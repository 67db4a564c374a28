import { reasonOf } from '../protocol/kit/errors.ts'
import type { Log } from '../protocol/kit/log.ts'
import type { Quarantined, Store } from './store.ts'

/** Entries kept in the store: enough to see what went wrong, never enough to fill a disk. */
const KEPT = 1_000
/** Entries that wait for the next write; a flood past it is only counted. */
const WAITING = 200

/** Messages and records that could not be used: counted, the newest kept in the store, said in the log once a topic and reason. */
export class Quarantine {
  readonly #store: Store
  readonly #log: Log
  #waiting: Quarantined[] = []
  #count = 0
  readonly #said = new Set<string>()

  constructor(store: Store, log: Log) {
    this.#store = store
    this.#log = log
  }

  /** How many there were since the start. */
  get count(): number {
    return this.#count
  }

  add(entry: Quarantined): void {
    this.#count++
    if (this.#waiting.length < WAITING) this.#waiting.push(entry)
    const key = `${entry.topic}|${entry.reason.replace(/\d+/g, '#')}`
    if (this.#said.has(key) || this.#said.size > KEPT) return
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
