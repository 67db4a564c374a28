import { inChunks } from '../chunks.ts'
import { byteAt, floatAt, intAt } from '../element.ts'
import { DRAW_BASES, type MeterTree } from '../energy/meter-tree.ts'
import type { LiveDevice, LiveEarning } from './live-device.ts'
import type { OwnerParts } from './owner-parts.ts'
import type { WorkloadIndex } from './workload-index.ts'

const NOTHING = DRAW_BASES.indexOf('nothing')
const OWN = DRAW_BASES.indexOf('own')
const BY_SHARE = DRAW_BASES.indexOf('share')

/**
 * Power, revenue and energy cost of every device now, as flat arrays for loops over all devices and as objects for single devices.
 * The values are those of the newest figures.
 */
export class LiveEarnings implements Iterable<[LiveDevice, LiveEarning]> {
  readonly #devices: readonly LiveDevice[]
  readonly #parts: OwnerParts
  readonly #index: WorkloadIndex
  /** built at the first `get`, because most ticks need no single device */
  #places: Map<LiveDevice, number> | undefined
  #basis: Uint8Array = new Uint8Array(0)
  /** for each device, 1: it is heard and not a meter */
  readonly earns: Uint8Array
  /** for each device, 1: its own power is no measurement, but an estimate, a model's or a rating */
  readonly guesses: Uint8Array
  /** W, from the best source; NaN if unknown */
  readonly powerW: Float64Array
  readonly revenueUsdPerH: Float64Array
  readonly energyCostUsdPerH: Float64Array

  constructor(devices: readonly LiveDevice[], parts: OwnerParts, index: WorkloadIndex) {
    this.#devices = devices
    this.#parts = parts
    this.#index = index
    this.earns = new Uint8Array(devices.length)
    this.guesses = new Uint8Array(devices.length)
    this.powerW = new Float64Array(devices.length)
    this.revenueUsdPerH = new Float64Array(devices.length)
    this.energyCostUsdPerH = new Float64Array(devices.length)
  }

  /** Sets the power and energy cost of each device from a balanced tree. */
  setDraw(tree: MeterTree, usdPerKwh: number): void {
    this.#basis = tree.basis
    inChunks(tree.drawn.length, (begin, end) => this.#setDrawOf(begin, end, tree, usdPerKwh))
  }

  #setDrawOf(begin: number, end: number, { drawn, basis, behind }: MeterTree, usdPerKwh: number): void {
    for (let i = begin; i < end; i++) {
      if (!this.earns[i]) continue
      const watts = floatAt(drawn, i) / 1000
      this.energyCostUsdPerH[i] = (watts / 1000) * usdPerKwh
      // a host with GPUs behind it shows its own reading; the power beyond its GPUs is charged to their holders
      if (basis[i] === NOTHING) this.powerW[i] = Number.NaN
      else this.powerW[i] = intAt(behind, i) > 0 ? (this.#devices[i]?.sample?.powerW ?? 0) : watts
    }
  }

  /** Whether the power of device i is no measurement: a split of a meter's rest, or its own guess. */
  isEstimated(i: number): boolean {
    return this.#basis[i] === BY_SHARE || (this.#basis[i] === OWN && this.guesses[i] === 1)
  }

  /** Revenue less energy cost of device i, USD/h; 0 for meters and silent devices. */
  netUsdPerH(i: number): number {
    return this.earns[i] ? floatAt(this.revenueUsdPerH, i) - floatAt(this.energyCostUsdPerH, i) : 0
  }

  /** The earning of a device; undefined for meters and silent devices. */
  get(device: LiveDevice): LiveEarning | undefined {
    this.#places ??= new Map(this.#devices.map((d, i) => [d, i]))
    const i = this.#places.get(device)
    return i === undefined ? undefined : this.at(i)
  }

  /** The earning of the device at an index; undefined for meters and silent devices. */
  at(i: number): LiveEarning | undefined {
    if (!this.earns[i]) return undefined
    const powerW = floatAt(this.powerW, i)
    return {
      revenueUsdPerH: floatAt(this.revenueUsdPerH, i),
      energyCostUsdPerH: floatAt(this.energyCostUsdPerH, i),
      shares: this.#parts.of(i).map((part) => ({
        workload: this.#index.attributions[intAt(this.#parts.workload, part)]?.name ?? '',
        share: floatAt(this.#parts.share, part),
      })),
      drawBasis: DRAW_BASES[byteAt(this.#basis, i)] ?? 'nothing',
      ...(Number.isNaN(powerW) ? {} : { powerW }),
    }
  }

  /** Number of devices that are heard and not meters. */
  get size(): number {
    return this.earns.reduce((sum, earns) => sum + earns, 0)
  }

  *[Symbol.iterator](): IterableIterator<[LiveDevice, LiveEarning]> {
    for (const [i, device] of this.#devices.entries()) {
      const earning = this.at(i)
      if (earning) yield [device, earning]
    }
  }
}
