import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { every } from '../../protocol/kit/timers.ts'
import { HOUR_MS, MINUTE_MS, NANO_USD_PER_USD } from '../../protocol/units.ts'
import type { HeldGroup } from '../plugin/held.ts'
import type { HeldStore } from '../plugin/held-store.ts'

const LOOK_EVERY_MS = 10_000
/** Read at least this often while something is held, because a minute that is settled again may have changed its worth ... */
const HELD_EVERY_MS = MINUTE_MS
/** ... and at all, because another program may write to the same database. */
const AT_LEAST_EVERY_MS = 10 * MINUTE_MS
const MONTH_MS = 30 * 24 * HOUR_MS
/** Groups that are told: one device and check is one. More would be the same story of another device. */
const MOST_GROUPS = 1_000

/** What is held back until a person decides. */
export interface HeldTotal {
  records: number
  devices: number
  /** what the work of settled minutes would earn */
  revenueUsd: number
}

/** The holds that wait for a person, for alerts: read from the store within 10 s of a change. */
export class OpenHolds {
  readonly #store: Pick<HeldStore, 'heldGroups' | 'heldBack' | 'heldVersion'>
  readonly #log: Log
  readonly #nowMs: () => number
  #groups: readonly HeldGroup[] = []
  #revenueUsd = 0
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #failing = false
  #read: { version: number; atMs: number } | undefined

  constructor(
    store: Pick<HeldStore, 'heldGroups' | 'heldBack' | 'heldVersion'>,
    log: Log,
    nowMs: () => number,
  ) {
    this.#store = store
    this.#log = log
    this.#nowMs = nowMs
  }

  get groups(): readonly HeldGroup[] {
    return this.#groups
  }

  /** How much is held back; undefined where nothing is. */
  get total(): HeldTotal | undefined {
    if (this.#groups.length === 0) return undefined
    return {
      records: this.#groups.reduce((sum, group) => sum + group.records, 0),
      devices: new Set(this.#groups.map((group) => `${group.agentId}\n${group.deviceId}`)).size,
      revenueUsd: this.#revenueUsd,
    }
  }

  /** Looks now, and from now on every 10 s. Called again after another program has written to the store, it reads all again. */
  async start(): Promise<void> {
    this.#read = undefined
    this.#timer ??= every(LOOK_EVERY_MS, () => void this.look())
    await this.look()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  /** Never rejects: while the store fails, what was known is kept. */
  look(): Promise<void> {
    if (!this.#isOld()) return Promise.resolve()
    this.#looking ??= this.#readNow()
      .then(() => {
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

  #isOld(): boolean {
    if (!this.#read || this.#store.heldVersion !== this.#read.version) return true
    const everyMs = this.#groups.length > 0 ? HELD_EVERY_MS : AT_LEAST_EVERY_MS
    return Math.abs(this.#nowMs() - this.#read.atMs) >= everyMs
  }

  async #readNow(): Promise<void> {
    // taken before: what changes while it is read is read again
    const { heldVersion: version } = this.#store
    const groups = await this.#store.heldGroups({ state: 'open' }, MOST_GROUPS)
    const nowMs = this.#nowMs()
    const worth = groups.length === 0 ? [] : await this.#store.heldBack(0, nowMs, MONTH_MS)
    this.#read = { version, atMs: nowMs }
    this.#groups = groups
    this.#revenueUsd = worth.reduce((sum, { revenueNanoUsd }) => sum + revenueNanoUsd, 0) / NANO_USD_PER_USD
  }
}
