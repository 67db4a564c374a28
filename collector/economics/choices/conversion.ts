import { ratio } from '../ratio.ts'
import type { Conversion } from './scenario.ts'
import type { ConversionView } from './whatif-answer.ts'

/** A month of 30.4375 days, h: a twelfth of a year with its part of a leap day. */
export const MONTH_H = 730.5
const MONTH_MS = MONTH_H * 3_600_000

/** What the power earns until then, and what energy costs. */
export interface Replaced {
  atMs: number
  /** net of the workload that it replaces, USD/h and kW; 0 for new power */
  netUsdPerKwH: number
  energyUsdPerKwh: number
}

/**
 * What a conversion would bring. Energy is paid for all of its power whatever its occupancy, which is careful: idle GPUs
 * take less. Its investment is the capital and what the power would have earned while it is built:
 *   payback = investment / (gain x hours of a month), gain = net after - net of what it replaces.
 * Break-even occupancy is that at which the gain is nothing; with capital, spread evenly over its life. Absent: never.
 */
export function convert(c: Conversion, replaced: Replaced): ConversionView {
  const kw = c.powerMw * 1000
  const itKw = kw / c.pue
  const gpus = c.gpusPerMw === undefined ? itKw / (c.kwPerGpu ?? itKw) : c.powerMw * c.gpusPerMw
  const whole = Math.floor(gpus + 1e-9)
  const sold = c.usdPerGpuHour === undefined ? undefined : whole * c.usdPerGpuHour
  const fullUsdPerH = sold ?? (itKw * (c.colocationUsdPerKwMonth ?? 0)) / MONTH_H
  const passedOn = c.tenantPaysEnergy && sold === undefined
  const energyCostUsdPerH = passedOn ? 0 : kw * replaced.energyUsdPerKwh
  const revenueUsdPerH = fullUsdPerH * c.occupancy
  const netUsdPerH = revenueUsdPerH - energyCostUsdPerH
  const givenUpUsdPerH = replaced.netUsdPerKwH * kw
  const gainUsdPerH = netUsdPerH - givenUpUsdPerH
  const capexUsd = c.capexUsdPerMw * c.powerMw
  const buildLossUsd = givenUpUsdPerH * c.months * MONTH_H
  const investmentUsd = capexUsd + buildLossUsd
  const paybackMonths = ratio(Math.max(0, investmentUsd), gainUsdPerH * MONTH_H)
  const capitalUsdPerH = investmentUsd / (c.lifeYears * 12 * MONTH_H)
  const breakEvenOccupancy = ratio(energyCostUsdPerH + givenUpUsdPerH, fullUsdPerH)
  const withCapital = ratio(energyCostUsdPerH + givenUpUsdPerH + capitalUsdPerH, fullUsdPerH)
  const npv = c.discountRate === undefined ? undefined : npvUsd(c, { capexUsd, givenUpUsdPerH, gainUsdPerH })
  return {
    ...(c.from === undefined ? {} : { from: c.from }),
    powerW: kw * 1000,
    itPowerW: itKw * 1000,
    ...(sold === undefined ? {} : { gpus: whole }),
    opensAtMs: Math.round(replaced.atMs + c.months * MONTH_MS),
    capexUsd,
    buildLossUsd,
    investmentUsd,
    revenueUsdPerH,
    energyCostUsdPerH,
    netUsdPerH,
    givenUpUsdPerH,
    gainUsdPerH,
    revenueUsdPerMwh: revenueUsdPerH / c.powerMw,
    ...(paybackMonths === undefined
      ? {}
      : { paybackMonths, paybackMonthsFromStart: c.months + paybackMonths }),
    ...(breakEvenOccupancy === undefined ? {} : { breakEvenOccupancy: Math.max(0, breakEvenOccupancy) }),
    ...(withCapital === undefined ? {} : { breakEvenOccupancyWithCapital: Math.max(0, withCapital) }),
    ...(npv === undefined || !Number.isFinite(npv) ? {} : { npvUsd: npv }),
  }
}

/**
 * Net present value, USD, against going on as before: the capital now, what is given up month by month while it is built, and
 * the gain month by month over its life, each at the month's end. A month discounts by (1 + rate)^(1/12).
 */
function npvUsd(
  c: Conversion,
  {
    capexUsd,
    givenUpUsdPerH,
    gainUsdPerH,
  }: { capexUsd: number; givenUpUsdPerH: number; gainUsdPerH: number },
): number {
  const rate = Math.log1p(c.discountRate ?? 0) / 12
  /** worth today of 1 USD a month from one month to another */
  const annuity = (from: number, to: number) =>
    rate === 0 ? to - from : (Math.exp(-rate * from) * -Math.expm1(-rate * (to - from))) / Math.expm1(rate)
  const end = c.months + c.lifeYears * 12
  return (
    -capexUsd -
    givenUpUsdPerH * MONTH_H * annuity(0, c.months) +
    gainUsdPerH * MONTH_H * annuity(c.months, end)
  )
}
