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
    this.devices[w] = (this.devices[w] as number) + 1
    this.revenueUsdPerH[w] = (this.revenueUsdPerH[w] as number) + parts.earnsUsdPerH(part, usdPerShare)
    this.feesUsdPerH[w] = (this.feesUsdPerH[w] as number) + parts.keptUsdPerH(part, usdPerShare)
    this.hashrateHs[w] = (this.hashrateHs[w] as number) + (parts.hashrateHs[part] as number)
    this.gpusHeld[w] = (this.gpusHeld[w] as number) + (parts.gpusHeld[part] as number)
    this.tokensInPerS[w] = (this.tokensInPerS[w] as number) + (parts.tokensInPerS[part] as number)
    this.tokensOutPerS[w] = (this.tokensOutPerS[w] as number) + (parts.tokensOutPerS[part] as number)
  }

  /** Copies the sums of workload w into its total. */
  copyTo(total: LiveWorkload, w: number): void {
    total.devices = this.devices[w] as number
    for (const key of SUMMED) total[key] = this[key][w] as number
  }
}
