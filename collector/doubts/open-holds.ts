import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { HeldGroup } from '../plugin/held.ts'
import type { HeldStore } from '../plugin/held-store.ts'

const LOOK_EVERY_MS = 10_000
/** Groups that are told: one device and check is one. More would be the same story of another device. */
const MOST_GROUPS = 1_000

/** The holds that wait for a person, for alerts: read from the store every 10 s. */
export class OpenHolds {
  readonly #store: Pick<HeldStore, 'heldGroups'>
  readonly #log: Log
  #groups: readonly HeldGroup[] = []
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #failing = false

  constructor(store: Pick<HeldStore, 'heldGroups'>, log: Log) {
    this.#store = store
    this.#log = log
  }

  get groups(): readonly HeldGroup[] {
    return this.#groups
  }

  /** Looks now, and from now on every 10 s. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS)
    await this.look()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  /** Never rejects: while the store fails, what was known is kept. */
  look(): Promise<void> {
    this.#looking ??= this.#store
      .heldGroups({ state: 'open' }, MOST_GROUPS)
      .then((groups) => {
        this.#groups = groups
        this.#failing = false
      })
      .catch((error) => {
        if (!this.#failing)
          this.#log.warn('held records not read; alerts keep the last', { reason: reasonOf(error) })
        this.#failing = true
      })
      .finally(() => {
        this.#looking = undefined
      })
    return this.#looking
  }
}
