import type { Device } from '../../../protocol/device.ts'
import { apportion, MILLIJOULES_PER_KWH, MINUTE_MS } from '../../../protocol/units.ts'
import { type MonthOf, minuteShare } from '../calendar.ts'
import { numberAt } from '../element.ts'
import { type DeviceFacts, matcher } from '../energy/attribution.ts'
import type { AttributionSettings, Costs } from '../site-settings.ts'
import { UNPAID } from '../unpaid.ts'
import { type PricedPart, pieceWithoutDevice, weightsOf } from './priced.ts'
import { nanoUsd } from './revenue.ts'

/** Minutes in a month of 365.25 / 12 days, the month of depreciation. */
const MINUTES_PER_MONTH = 30.4375 * 1440

/** Cost of energy, nano-USD, a whole number. @param usdPerKwh energy price and transmission */
export const energyCostNanoUsd = (energyMilliJ: number, usdPerKwh: number): number =>
  nanoUsd((energyMilliJ / MILLIJOULES_PER_KWH) * usdPerKwh)

/** Energy cost of a power, USD/h. @param usdPerKwh energy price and transmission */
export const energyCostUsdPerH = (powerW: number, usdPerKwh: number): number => (powerW / 1000) * usdPerKwh

/** The site's demand charge for a minute, nano-USD: billed kW x USD/kW-month, shared over the minutes of the month exactly. */
export function demandNanoUsd({ demand }: Costs, minuteMs: number, monthOf: MonthOf): number {
  if (!demand) return 0
  return minuteShare(nanoUsd(demand.usdPerKwMonth * demand.billedKw), minuteMs, monthOf(minuteMs))
}

/** For a site without a site meter: adds the overhead that the configured PUE implies, machine energy x (pue - 1). */
export function addUnmeasuredOverhead(parts: PricedPart[], { pue, siteOverhead }: AttributionSettings): void {
  if (pue === undefined) return
  const machinesMilliJ = parts.reduce((sum, p) => sum + p.energyMilliJ, 0)
  const energyMilliJ = Math.round(machinesMilliJ * (pue - 1))
  if (!(energyMilliJ > 0)) return
  if (siteOverhead === 'overhead') {
    parts.push(pieceWithoutDevice({ name: UNPAID.overhead }, { energyMilliJ }))
    return
  }
  const amounts = apportion(energyMilliJ, weightsOf(parts))
  for (const [i, part] of parts.entries()) part.energyMilliJ += numberAt(amounts, i)
}

/** Shares the site's demand charge of a minute over all parts by energy; overhead pays it if no part has energy. */
export function shareDemand(parts: PricedPart[], nanoUsdOfMinute: number): void {
  if (nanoUsdOfMinute === 0) return
  if (!parts.some((p) => p.energyMilliJ > 0)) {
    parts.push(pieceWithoutDevice({ name: UNPAID.overhead }, { demandNanoUsd: nanoUsdOfMinute }))
    return
  }
  const amounts = apportion(nanoUsdOfMinute, weightsOf(parts))
  for (const [i, part] of parts.entries()) part.demandNanoUsd = numberAt(amounts, i)
}

/**
 * Sets the depreciation of each machine: price / (months x 43,830 minutes) for each minute in the ledger. Owners who share a machine
 * share its depreciation by energy.
 */
export function depreciate(parts: readonly PricedPart[], { depreciation }: Costs): void {
  if (depreciation.length === 0) return
  const rules = depreciation.map(({ match, usdPerDevice, months }) => ({
    fits: matcher(match),
    usdPerMinute: usdPerDevice / (months * MINUTES_PER_MONTH),
  }))
  const usdPerMinute = (device: DeviceFacts) => rules.find(({ fits }) => fits({}, device))?.usdPerMinute ?? 0
  for (const [device, own] of byDevice(parts)) {
    const starts = own.map((p) => p.interval?.startMs ?? 0)
    const ends = own.map((p) => (p.interval?.startMs ?? 0) + (p.interval?.durationMs ?? 0))
    const minutes = Math.min(1, (Math.max(...ends) - Math.min(...starts)) / MINUTE_MS)
    const amounts = apportion(nanoUsd(usdPerMinute(device) * minutes), weightsOf(own))
    for (const [i, part] of own.entries()) part.depreciationNanoUsd = numberAt(amounts, i)
  }
}

function byDevice(parts: readonly PricedPart[]): Map<Device, PricedPart[]> {
  const found = new Map<Device, PricedPart[]>()
  for (const part of parts) {
    if (!part.device || !part.counts) continue
    const own = found.get(part.device)
    if (own) own.push(part)
    else found.set(part.device, [part])
  }
  return found
}
