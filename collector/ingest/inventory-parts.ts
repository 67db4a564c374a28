import type { Device } from '../../protocol/device.ts'
import { type AckMessage, type InventoryMessage, MAX_INVENTORY_DEVICES } from '../../protocol/status.ts'

/** The inventory of one agent that came last. */
interface Arriving {
  atMs: number
  of: number
  /** the parts that came, until all are there */
  parts: Map<number, readonly Device[]>
  done: boolean
}

/** Puts the parts of inventories together, and knows what to answer their agents. */
export class InventoryParts {
  readonly #arriving = new Map<string, Arriving>()

  /**
   * Takes a message in. @param retained whether the broker kept it: an older one than what came since changes nothing
   * @returns the whole inventory, once all of its parts are there
   */
  take(agentId: string, message: InventoryMessage, retained: boolean): InventoryMessage | undefined {
    const { part = { index: 0, of: 1 }, atMs } = message
    let arriving = this.#arriving.get(agentId)
    if (retained && arriving && arriving.atMs > atMs) return undefined
    if (!arriving || arriving.atMs !== atMs || arriving.of !== part.of)
      arriving = { atMs, of: part.of, parts: new Map(), done: false }
    this.#arriving.set(agentId, arriving)
    if (arriving.done) return undefined
    arriving.parts.set(part.index, message.devices)
    if (arriving.parts.size < arriving.of) return undefined
    const devices = [...arriving.parts].sort(([a], [b]) => a - b).flatMap(([, some]) => some)
    arriving.done = true
    arriving.parts.clear()
    const { part: _, ...whole } = message
    return { ...whole, devices: devices.slice(0, MAX_INVENTORY_DEVICES) }
  }

  /** What every acknowledgement tells the agent. */
  answer(agentId: string): NonNullable<AckMessage['inventory']> {
    const arriving = this.#arriving.get(agentId)
    if (!arriving) return { atMs: 0, missing: [] }
    const { atMs, of, parts, done } = arriving
    const missing = done ? [] : Array.from({ length: of }, (_, i) => i).filter((i) => !parts.has(i))
    return { atMs, missing }
  }
}
