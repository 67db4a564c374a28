import { apportion } from '../../../protocol/units.ts'
import { floatAt, intAt, numberAt } from '../element.ts'

/**
 * The owners' parts of every device, in flat arrays. The first part of a device has the index of the device. Further parts have
 * indexes beyond all devices, chained by `next`; most devices have only one part.
 */
export class OwnerParts {
  /** index of the next part of the same device; -1 for none */
  next: Int32Array
  /** index of the workload; -1 if the device has no parts */
  workload: Int32Array
  /** share of the device, 0 to 1 */
  share: Float64Array
  /** part of the device's power, 0 to 1 */
  energyShare: Float64Array
  /** power charged to the part, whole mW */
  milliW: Float64Array
  /** revenue and fees that do not depend on the price of a mining share */
  revenueUsdPerH: Float64Array
  feesUsdPerH: Float64Array
  /** difficulty-1 shares an hour that earn the expected reward: kept as a count, so that a price change leaves the parts unchanged */
  paidSharesPerH: Float64Array
  feeSharesPerH: Float64Array
  hashrateHs: Float64Array
  gpusHeld: Float64Array
  tokensInPerS: Float64Array
  tokensOutPerS: Float64Array
  /** for each device: the sum of its parts' milliW; NaN after the parts were rebuilt */
  readonly #charged: Float64Array
  readonly #devices: number
  #used: number
  readonly #free: number[] = []

  constructor(devices: number) {
    this.#devices = devices
    this.#charged = new Float64Array(devices)
    this.#used = devices
    this.next = new Int32Array(devices).fill(-1)
    this.workload = new Int32Array(devices).fill(-1)
    this.share = new Float64Array(devices)
    this.energyShare = new Float64Array(devices)
    this.milliW = new Float64Array(devices)
    this.revenueUsdPerH = new Float64Array(devices)
    this.feesUsdPerH = new Float64Array(devices)
    this.paidSharesPerH = new Float64Array(devices)
    this.feeSharesPerH = new Float64Array(devices)
    this.hashrateHs = new Float64Array(devices)
    this.gpusHeld = new Float64Array(devices)
    this.tokensInPerS = new Float64Array(devices)
    this.tokensOutPerS = new Float64Array(devices)
  }

  /** Index of a device's first part; -1 if it has none. */
  first(device: number): number {
    return this.workload[device] === -1 ? -1 : device
  }

  /** Removes all parts of a device. */
  clear(device: number): void {
    for (let part = intAt(this.next, device); part >= 0; part = intAt(this.next, part)) this.#free.push(part)
    this.next[device] = -1
    this.workload[device] = -1
    this.#charged[device] = Number.NaN
  }

  /**
   * Adds a part to a device.
   * @param last the index that the previous call for this device returned; -1 after `clear`
   * @returns the index of the part
   */
  add(device: number, last: number, workload: number, share: number, energyShare = share): number {
    const part = last < 0 ? device : (this.#free.pop() ?? this.#grown())
    if (last >= 0) this.next[last] = part
    this.next[part] = -1
    this.workload[part] = workload
    this.share[part] = share
    this.energyShare[part] = energyShare
    this.milliW[part] = 0
    return part
  }

  /** Splits whole mW over a device's parts by their parts of its power. */
  charge(device: number, milliW: number): void {
    if (this.#charged[device] === milliW) return
    this.#charged[device] = milliW
    if (this.next[device] === -1) {
      this.milliW[device] = milliW
      return
    }
    const parts = this.of(device)
    const amounts = apportion(
      milliW,
      parts.map((part) => floatAt(this.energyShare, part)),
    )
    for (const [k, part] of parts.entries()) this.milliW[part] = numberAt(amounts, k)
  }

  /** Revenue of a part, USD/h. @param usdPerShare expected reward of a difficulty-1 share, USD */
  earnsUsdPerH(part: number, usdPerShare: number): number {
    return floatAt(this.revenueUsdPerH, part) + floatAt(this.paidSharesPerH, part) * usdPerShare
  }

  /** Pool fee and firmware dev fee of a part, USD/h. @param usdPerShare expected reward of a difficulty-1 share, USD */
  keptUsdPerH(part: number, usdPerShare: number): number {
    return floatAt(this.feesUsdPerH, part) + floatAt(this.feeSharesPerH, part) * usdPerShare
  }

  /** mW that were last charged to a device. */
  chargedMilliW(device: number): number {
    return floatAt(this.#charged, device)
  }

  /** Indexes of a device's parts. For loops over many devices, `first` and `next` are faster. */
  of(device: number): number[] {
    const parts: number[] = []
    for (let part = this.first(device); part >= 0; part = intAt(this.next, part)) parts.push(part)
    return parts
  }

  #grown(): number {
    if (this.#used === this.share.length) {
      const length = this.#used + Math.max(64, this.#devices >> 3)
      this.next = ints(this.next, length)
      this.workload = ints(this.workload, length)
      this.share = floats(this.share, length)
      this.energyShare = floats(this.energyShare, length)
      this.milliW = floats(this.milliW, length)
      this.revenueUsdPerH = floats(this.revenueUsdPerH, length)
      this.feesUsdPerH = floats(this.feesUsdPerH, length)
      this.paidSharesPerH = floats(this.paidSharesPerH, length)
      this.feeSharesPerH = floats(this.feeSharesPerH, length)
      this.hashrateHs = floats(this.hashrateHs, length)
      this.gpusHeld = floats(this.gpusHeld, length)
      this.tokensInPerS = floats(this.tokensInPerS, length)
      this.tokensOutPerS = floats(this.tokensOutPerS, length)
    }
    return this.#used++
  }
}

function ints(old: Int32Array, length: number): Int32Array {
  const grown = new Int32Array(length)
  grown.set(old)
  return grown
}

function floats(old: Float64Array, length: number): Float64Array {
  const grown = new Float64Array(length)
  grown.set(old)
  return grown
}
