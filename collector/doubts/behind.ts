import type { Device } from '../../protocol/device.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { abilityOf } from './abilities.ts'

/** The inventories may change many times while a site starts; a large one takes tens of ms to add up. */
const READ_EVERY_MS = MINUTE_MS

/** What the devices behind each meter draw at most together. */
export class Behind {
  readonly #all: () => Iterable<Device>
  readonly #nowMs: () => number
  #children = new Map<string, Device[]>()
  readonly #sums = new Map<string, number>()
  #readMs = Number.NEGATIVE_INFINITY

  /** @param nowMs collector's clock */
  constructor(all: () => Iterable<Device>, nowMs: () => number) {
    this.#all = all
    this.#nowMs = nowMs
  }

  /** W; 0 where no device is known behind it. */
  mostW(meterId: string): number {
    const nowMs = this.#nowMs()
    if (Math.abs(nowMs - this.#readMs) >= READ_EVERY_MS) this.#read(nowMs)
    return this.#sum(meterId)
  }

  #read(nowMs: number): void {
    this.#readMs = nowMs
    this.#sums.clear()
    this.#children = new Map()
    for (const device of this.#all()) {
      if (device.meteredBy === undefined) continue
      const siblings = this.#children.get(device.meteredBy)
      if (siblings) siblings.push(device)
      else this.#children.set(device.meteredBy, [device])
    }
  }

  #sum(meterId: string): number {
    const known = this.#sums.get(meterId)
    if (known !== undefined) return known
    // a circle of meters ends here
    this.#sums.set(meterId, 0)
    let sum = 0
    for (const device of this.#children.get(meterId) ?? [])
      sum += abilityOf(device, 0).power?.mostW ?? this.#sum(device.deviceId)
    this.#sums.set(meterId, sum)
    return sum
  }
}
