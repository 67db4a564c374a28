import { inChunks } from '../chunks.ts'
import { DRAW_BASES, type MeterTree } from '../energy/meter-tree.ts'
import type { LiveDevice, LiveEarning } from './live-device.ts'
import type { OwnerParts } from './owner-parts.ts'
import type { WorkloadIndex } from './workload-index.ts'

const NOTHING = DRAW_BASES.indexOf('nothing')

/**
 * What every device takes, earns and costs now: flat arrays for who looks at all of them, an object for who asks for one. They
 * are those of the newest figures.
 */
export class LiveEarnings implements Iterable<[LiveDevice, LiveEarning]> {
  readonly #devices: readonly LiveDevice[]
  readonly #parts: OwnerParts
  readonly #index: WorkloadIndex
  /** made where a device is asked for first: most looks ask for none */
  #places: Map<LiveDevice, number> | undefined
  #basis: Uint8Array = new Uint8Array(0)
  /** by device, 1: it is heard, and no meter */
  readonly earns: Uint8Array
  /** W, by the best that is known; NaN: unknown */
  readonly powerW: Float64Array
  readonly revenueUsdPerH: Float64Array
  readonly energyCostUsdPerH: Float64Array

  constructor(devices: readonly LiveDevice[], parts: OwnerParts, index: WorkloadIndex) {
    this.#devices = devices
    this.#parts = parts
    this.#index = index
    this.earns = new Uint8Array(devices.length)
    this.powerW = new Float64Array(devices.length)
    this.revenueUsdPerH = new Float64Array(devices.length)
    this.energyCostUsdPerH = new Float64Array(devices.length)
  }

  /** Takes what each device takes from a balance. */
  balanced(tree: MeterTree, usdPerKwh: number): void {
    this.#basis = tree.basis
    inChunks(tree.drawn.length, (begin, end) => this.#takeOver(begin, end, tree, usdPerKwh))
  }

  #takeOver(begin: number, end: number, { drawn, basis, behind }: MeterTree, usdPerKwh: number): void {
    for (let i = begin; i < end; i++) {
      if (!this.earns[i]) continue
      const watts = (drawn[i] as number) / 1000
      this.energyCostUsdPerH[i] = (watts / 1000) * usdPerKwh
      // a host with its GPUs behind it has what is left beside them charged to whoever holds them
      if (basis[i] === NOTHING) this.powerW[i] = Number.NaN
      else this.powerW[i] = (behind[i] as number) > 0 ? (this.#devices[i]?.sample?.powerW ?? 0) : watts
    }
  }

  /** USD/h less its energy; 0 where it earns nothing and costs nothing */
  netUsdPerH(i: number): number {
    return this.earns[i] ? (this.revenueUsdPerH[i] as number) - (this.energyCostUsdPerH[i] as number) : 0
  }

  get(device: LiveDevice): LiveEarning | undefined {
    this.#places ??= new Map(this.#devices.map((d, i) => [d, i]))
    const i = this.#places.get(device)
    return i === undefined ? undefined : this.at(i)
  }

  /** What the device at an index of the look's devices earns; undefined for meters and for what isn't heard. */
  at(i: number): LiveEarning | undefined {
    if (!this.earns[i]) return undefined
    const powerW = this.powerW[i] as number
    return {
      revenueUsdPerH: this.revenueUsdPerH[i] as number,
      energyCostUsdPerH: this.energyCostUsdPerH[i] as number,
      shares: this.#parts.of(i).map((part) => ({
        workload: this.#index.attributions[this.#parts.workload[part] as number]?.name ?? '',
        share: this.#parts.share[part] as number,
      })),
      drawBasis: DRAW_BASES[this.#basis[i] as number] ?? 'nothing',
      ...(Number.isNaN(powerW) ? {} : { powerW }),
    }
  }

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
