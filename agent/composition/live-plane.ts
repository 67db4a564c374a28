import type { Clock } from '../../protocol/kit/clock.ts'
import type { AckMessage } from '../../protocol/status.ts'
import type { DeviceRegistry } from '../polling/device-registry.ts'
import { InventoryPace } from '../uplink/inventory-pace.ts'
import { InventorySender } from '../uplink/inventory-sender.ts'
import { LiveSender } from '../uplink/live-sender.ts'
import type { MessageSize } from '../uplink/message-size.ts'
import type { Publisher } from '../uplink/publisher.ts'

/** What does not answer is told again so often, though it is asked less and less: a collector takes older samples as stale. */
const UNREACHABLE_AGAIN_MS = 5_000

export interface LivePlaneOptions {
  registry: DeviceRegistry
  publisher: Pick<Publisher, 'connected' | 'publish' | 'publishEncoded'>
  size: MessageSize
  clock: Clock
  /** a clock that never steps, and costs nothing to read */
  nowMs: () => number
  simulated: boolean
  /** the shortest interval at which a device is read, ms */
  shortestPollMs: number
}

/** What the collector hears about the devices: which there are, and what each said last. */
export class LivePlane {
  readonly #o: LivePlaneOptions
  readonly #inventory: InventorySender
  readonly #pace = new InventoryPace()
  readonly #live: LiveSender
  #repeatedMs: number

  constructor(options: LivePlaneOptions) {
    const { registry, publisher, size, clock, nowMs } = options
    this.#o = options
    this.#repeatedMs = nowMs()
    this.#inventory = new InventorySender({
      publish: (message, { retain }) => publisher.publish('inventory', message, { qos: 1, retain }),
      size,
      clock,
    })
    this.#live = new LiveSender({
      introduce: () => this.#introduceNews(),
      take: () => registry.takeUnsent(this.#pace.members),
      publish: (payload) => publisher.publishEncoded('live', payload, { qos: 0 }),
      connected: () => publisher.connected,
      size,
      wallMs: () => clock.now().wallMs,
      nowMs,
    })
  }

  /** Devices were read, or did not answer. */
  noted(): void {
    this.#live.noted()
  }

  /** A collector has come, or the connection: everything is told again. */
  introduce(): void {
    this.#sendInventory(true)
    this.#o.registry.resend()
    this.#live.noted()
  }

  answered(ack: Pick<AckMessage, 'inventory' | 'echoSentAtMs'>): void {
    this.#inventory.answered(ack)
  }

  /** Call it each second. */
  beat(): void {
    const { registry, nowMs, shortestPollMs } = this.#o
    this.#inventory.beat()
    const now = nowMs()
    const isAgain = now - this.#repeatedMs >= Math.min(UNREACHABLE_AGAIN_MS, shortestPollMs)
    if (isAgain) this.#repeatedMs = now
    const isAny = isAgain && registry.resendUnreachable()
    if (isAny || this.#pace.untilDue(registry, now) === 0) this.#live.noted()
  }

  stop(): void {
    this.#live.stop()
  }

  /** @returns ms until new devices can be told; undefined: all are */
  #introduceNews(): number | undefined {
    const { registry, nowMs } = this.#o
    const waitMs = this.#pace.untilDue(registry, nowMs())
    if (waitMs === 0) this.#sendInventory()
    return this.#pace.members === registry.members ? undefined : waitMs
  }

  #sendInventory(asked = false): void {
    const { registry, simulated, nowMs } = this.#o
    this.#inventory.send(registry.devices(), simulated)
    this.#pace.sent(registry, nowMs(), asked)
  }
}
