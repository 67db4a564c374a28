/** New devices are told so soon after the last inventory; each next one waits twice as long, because an inventory is all devices. */
const SOONEST_MS = 250
const LATEST_MS = 8_000
/** What became known of a device, such as its model, waits so many times longer: no sample needs it. */
const FACTS_WAIT = 8
const FACTS_AT_MOST_MS = 10_000
/** After so long without a change the next one is told soon again. */
const QUIET_MS = 60_000

/** Versions of a list of devices. */
export interface ListVersions {
  /** increases with every change */
  readonly version: number
  /** increases where a device came or went */
  readonly members: number
}

/**
 * When the inventory is sent again. While the devices of an agent are read for the first time it changes with nearly each of them, so
 * it is sent at growing distances.
 */
export class InventoryPace {
  #sent: ListVersions = { version: -1, members: -1 }
  #sentMs = Number.NEGATIVE_INFINITY
  #waitMs = SOONEST_MS

  /** up to which `members` the collector was told */
  get members(): number {
    return this.#sent.members
  }

  /** @returns ms until the inventory is due, 0: now; undefined: it is as it was sent */
  untilDue({ version, members }: ListVersions, nowMs: number): number | undefined {
    if (version === this.#sent.version) return undefined
    const isNews = members !== this.#sent.members
    const waitMs = isNews ? this.#waitMs : Math.min(FACTS_AT_MOST_MS, FACTS_WAIT * this.#waitMs)
    return Math.max(0, this.#sentMs + waitMs - nowMs)
  }

  /** The inventory was sent, whole. @param asked it was, whether it had changed or not */
  sent({ version, members }: ListVersions, nowMs: number, asked = false): void {
    const isQuiet = asked || nowMs - this.#sentMs > QUIET_MS
    this.#waitMs = isQuiet ? SOONEST_MS : Math.min(LATEST_MS, 2 * this.#waitMs)
    this.#sent = { version, members }
    this.#sentMs = nowMs
  }
}
