import { ratio } from '../ratio.ts'
import type { Conversion } from './scenario.ts'
import type { ConversionView } from './whatif-answer.ts'

/** Hours in a month of 30.4375 days: a twelfth of 365.25 days. */
export const MONTH_H = 730.5
const MONTH_MS = MONTH_H * 3_600_000

/** The workload that a conversion replaces, and the price of energy. */
export interface Replaced {
  atMs: number
  /** net revenue of the replaced workload, USD/h per kW; 0 for new power */
  netUsdPerKwH: number
  energyUsdPerKwh: number
}

/**
 * Evaluates a conversion. Energy is paid for the full power at any occupancy, which is conservative, because idle GPUs draw less.
 *   investment = capital + net revenue of the replaced workload during the build
 *   gain = net revenue after - net revenue of the replaced workload, USD/h
 *   payback (months) = investment / (gain x 730.5 h)
 * The break-even occupancy is the one at which the gain is 0; with capital, the investment is spread evenly over the life. A figure
 * that is never reached is absent.
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
 * Net present value of a conversion compared with no conversion, USD: the capital now, the lost net revenue of each month of the
 * build, and the gain of each month of its life, each at the end of the month. A month discounts by (1 + rate)^(1/12).
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
  /** present value of 1 USD a month between two months */
  const annuity = (from: number, to: number) =>
    rate === 0 ? to - from : (Math.exp(-rate * from) * -Math.expm1(-rate * (to - from))) / Math.expm1(rate)
  const end = c.months + c.lifeYears * 12
  return (
    -capexUsd -
    givenUpUsdPerH * MONTH_H * annuity(0, c.months) +
    gainUsdPerH * MONTH_H * annuity(c.months, end)
  )
}
