import { encode } from '../../protocol/codec.ts'
import type { Device } from '../../protocol/device.ts'
import type { Clock } from '../../protocol/kit/clock.ts'
import type { AckMessage, InventoryMessage } from '../../protocol/status.ts'
import { partsOf, type Sized } from './fitting.ts'
import type { MessageSize } from './message-size.ts'

/** A collector refuses larger messages unparsed; a broker's limit is found by trying. */
const LARGEST_BYTES = 256 << 10
/** Sent again where the collector, which answers, has not named the inventory by then. */
const RESEND_AFTER_MS = 10_000
/** The same where the collector answers nothing at all. */
const SILENT_RESEND_MS = 60_000
const QUICK_RESENDS = 12
/** The longest wait, where it never takes it. */
const RESEND_AT_MOST_MS = 10 * 60_000
/** How long one that is too large waits for a word of whether this collector takes parts; an older one never says it. */
const HELD_MS = 120_000

interface InventorySenderOptions {
  publish: (message: InventoryMessage, options: { retain: boolean }) => boolean
  size: MessageSize
  clock: Clock
}

type Part = Sized<InventoryMessage>

/**
 * Sends the inventory until the collector has all of it. One message where it fits; in parts where the broker lets only smaller
 * ones through, or there are many devices. A collector of an earlier version names no inventory in its acknowledgements: it gets one
 * message, once.
 */
export class InventorySender {
  readonly #o: InventorySenderOptions
  #devices: readonly Device[] = []
  #simulated = false
  #parts: Part[] = []
  #atMs = 0
  #resends = 0
  #sentSteadyMs = 0
  #sentWallMs = Number.NEGATIVE_INFINITY
  /** indexes of the parts that the collector has not named as arrived; empty: it has all */
  #missing: ReadonlySet<number> = new Set()
  /** whether the collector names inventories, once anything was acknowledged */
  #namesInventories = false
  /** since when it waits for that word; absent: it does not */
  #heldSteadyMs: number | undefined
  /** whether the collector has answered anything that was sent after the parts: what it names of them then is all that arrived */
  #heard = false

  constructor(options: InventorySenderOptions) {
    this.#o = options
  }

  /** Sends an inventory, which replaces the one before. */
  send(devices: readonly Device[], simulated: boolean): void {
    this.#devices = devices
    this.#simulated = simulated
    this.#resends = 0
    this.#sendAll()
  }

  answered({ inventory, echoSentAtMs }: Pick<AckMessage, 'inventory' | 'echoSentAtMs'>): void {
    // a late answer to what was sent before tells nothing of the parts
    if ((echoSentAtMs ?? 0) > this.#sentWallMs || inventory?.atMs === this.#atMs) this.#heard = true
    if (!inventory) return
    this.#namesInventories = true
    if (this.#heldSteadyMs !== undefined) this.#sendAll()
    if (inventory.atMs !== this.#atMs) return
    const missing = new Set(inventory.missing)
    const { steadyMs } = this.#o.clock.now()
    for (const [i, part] of this.#parts.entries())
      if (this.#missing.has(i) && !missing.has(i)) this.#o.size.arrived(part.bytes, steadyMs)
    this.#missing = missing
  }

  /** Call it each second: what has not arrived is sent again, in smaller parts. */
  beat(): void {
    const held = this.#heldSteadyMs
    if (held !== undefined && this.#o.clock.now().steadyMs - held > HELD_MS) this.#sendAll()
    if (!this.#namesInventories || this.#missing.size === 0) return
    const now = this.#o.clock.now().steadyMs
    const waitMs = this.#heard ? RESEND_AFTER_MS : SILENT_RESEND_MS
    // a limit is found in a dozen halvings; what is refused for another reason is not sent without end
    const doublings = Math.max(0, this.#resends - QUICK_RESENDS)
    if (now - this.#sentSteadyMs < Math.min(RESEND_AT_MOST_MS, waitMs * 2 ** doublings)) return
    this.#resends++
    // where nothing is answered, the size is not to blame
    if (this.#heard) this.#o.size.lost(this.#largestMissing(), now)
    this.#sendAll()
  }

  #largestMissing(): number {
    return Math.max(0, ...[...this.#missing].map((i) => this.#parts[i]?.bytes ?? 0))
  }

  #sendAll(): void {
    const now = this.#o.clock.now()
    this.#atMs = Math.max(this.#atMs + 1, now.wallMs)
    const base = { v: 1 as const, atMs: this.#atMs, simulated: this.#simulated }
    this.#parts = this.#inParts(base, now.steadyMs)
    this.#missing = new Set(this.#parts.keys())
    this.#sentSteadyMs = now.steadyMs
    this.#sentWallMs = now.wallMs
    this.#heard = false
    const whole = this.#parts.length === 1
    for (const { message } of this.#parts) this.#o.publish(message, { retain: whole })
  }

  #inParts(base: Omit<InventoryMessage, 'devices'>, steadyMs: number): Part[] {
    const whole = { ...base, devices: [...this.#devices] }
    if (!this.#namesInventories) return this.#wholeIfItMay(whole, steadyMs)
    this.#heldSteadyMs = undefined
    const maxBytes = Math.min(LARGEST_BYTES, this.#o.size.maxBytes(steadyMs))
    const parts = partsOf(
      this.#devices,
      // numbers as long as the longest ones, so that a part does not grow when they are known
      (devices) => ({ ...base, part: { index: 9_998, of: 9_999 }, devices: [...devices] }),
      { maxBytes, most: this.#devices.length },
    )
    if (parts.length <= 1) return [{ message: whole, bytes: parts[0]?.bytes ?? 0 }]
    return parts.map(({ message, bytes }, index) => ({
      message: { ...message, part: { index, of: parts.length } },
      bytes,
    }))
  }

  /** One message for a collector that may know no parts; none yet where it would be lost, or end the connection. */
  #wholeIfItMay(message: InventoryMessage, steadyMs: number): Part[] {
    const maxBytes = this.#o.size.maxBytes(steadyMs)
    const isTooLarge = Number.isFinite(maxBytes) && Buffer.byteLength(encode(message)) > maxBytes
    if (isTooLarge && steadyMs - (this.#heldSteadyMs ?? steadyMs) <= HELD_MS) {
      this.#heldSteadyMs ??= steadyMs
      return []
    }
    this.#heldSteadyMs = undefined
    return [{ message, bytes: 0 }]
  }
}
