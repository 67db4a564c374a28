import { floatAt } from '../economics/element.ts'
import type { SiteDevice } from './reading-columns.ts'
import type { LiveSnapshot } from './snapshot.ts'

/** Figures of some devices, a column each; NaN is unknown. They are copies: the next snapshot leaves them as they are. */
export interface DeviceFigures {
  /** 1: it is heard and answers its agent; 0: it does not */
  up: Float64Array
  powerW: Float64Array
  hashrateHs: Float64Array
  utilizationRatio: Float64Array
  tempC: Float64Array
  revenueUsdPerH: Float64Array
  netUsdPerH: Float64Array
}

/** @param rows indexes of the devices in the snapshot */
export function deviceFigures(
  { devices, figures: { earnings, usdPerShare }, prices }: LiveSnapshot,
  rows: Uint32Array,
): DeviceFigures {
  const column = () => new Float64Array(rows.length).fill(Number.NaN)
  const figures: DeviceFigures = {
    up: column(),
    powerW: column(),
    hashrateHs: column(),
    utilizationRatio: column(),
    tempC: column(),
    revenueUsdPerH: column(),
    netUsdPerH: column(),
  }
  const hasEnergyPrice = prices.energyUsdPerKwh !== undefined
  for (let row = 0; row < rows.length; row++) {
    const i = rows[row] as number
    const { device, sample, stale } = devices[i] as SiteDevice
    const isUp = !stale && sample !== undefined && sample.state !== 'unreachable'
    figures.up[row] = isUp ? 1 : 0
    if (!isUp) continue
    figures.hashrateHs[row] = sample.hashrateHs ?? Number.NaN
    figures.utilizationRatio[row] = sample.utilizationRatio ?? Number.NaN
    figures.tempC[row] = sample.tempC ?? Number.NaN
    if (!earnings.earns[i]) {
      figures.powerW[row] = sample.powerW ?? Number.NaN
      continue
    }
    const powerW = floatAt(earnings.powerW, i)
    const revenueUsdPerH = floatAt(earnings.revenueUsdPerH, i)
    figures.powerW[row] = powerW
    // a miner without the prices of the network earns what is not known, and not 0
    if (device.kind === 'asic' && usdPerShare === undefined && revenueUsdPerH === 0) continue
    figures.revenueUsdPerH[row] = revenueUsdPerH
    if (hasEnergyPrice && !Number.isNaN(powerW))
      figures.netUsdPerH[row] = revenueUsdPerH - floatAt(earnings.energyCostUsdPerH, i)
  }
  return figures
}
