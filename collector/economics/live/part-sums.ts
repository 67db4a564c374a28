import { floatAt, intAt } from '../element.ts'
import type { LiveWorkload } from './live-device.ts'
import type { OwnerParts } from './owner-parts.ts'

const SUMMED = [
  'revenueUsdPerH',
  'feesUsdPerH',
  'hashrateHs',
  'gpusHeld',
  'tokensInPerS',
  'tokensOutPerS',
] as const

/** Sums of owners' parts by workload, in flat arrays. */
export class OwnerPartSums {
  readonly devices: Int32Array
  readonly revenueUsdPerH: Float64Array
  readonly feesUsdPerH: Float64Array
  readonly hashrateHs: Float64Array
  readonly gpusHeld: Float64Array
  readonly tokensInPerS: Float64Array
  readonly tokensOutPerS: Float64Array

  constructor(count: number) {
    this.devices = new Int32Array(count)
    this.revenueUsdPerH = new Float64Array(count)
    this.feesUsdPerH = new Float64Array(count)
    this.hashrateHs = new Float64Array(count)
    this.gpusHeld = new Float64Array(count)
    this.tokensInPerS = new Float64Array(count)
    this.tokensOutPerS = new Float64Array(count)
  }

  /** Adds one part to workload w. @param usdPerShare expected reward of a difficulty-1 share, USD */
  add(w: number, parts: OwnerParts, part: number, usdPerShare: number): void {
    this.devices[w] = intAt(this.devices, w) + 1
    this.revenueUsdPerH[w] = floatAt(this.revenueUsdPerH, w) + parts.earnsUsdPerH(part, usdPerShare)
    this.feesUsdPerH[w] = floatAt(this.feesUsdPerH, w) + parts.keptUsdPerH(part, usdPerShare)
    this.hashrateHs[w] = floatAt(this.hashrateHs, w) + floatAt(parts.hashrateHs, part)
    this.gpusHeld[w] = floatAt(this.gpusHeld, w) + floatAt(parts.gpusHeld, part)
    this.tokensInPerS[w] = floatAt(this.tokensInPerS, w) + floatAt(parts.tokensInPerS, part)
    this.tokensOutPerS[w] = floatAt(this.tokensOutPerS, w) + floatAt(parts.tokensOutPerS, part)
  }

  /** Copies the sums of workload w into its total. */
  copyTo(total: LiveWorkload, w: number): void {
    total.devices = intAt(this.devices, w)
    for (const key of SUMMED) total[key] = this[key][w] as number
  }
}
