import { ratio } from '../ratio.ts'
import { type Baseline, type BaselineWorkload, changed } from './baseline.ts'
import type { Conversion } from './scenario.ts'
import type { SensitivityView } from './whatif-answer.ts'

/** A site, with the planned conversion. */
export interface Case {
  site: Baseline
  conversion?: Conversion | undefined
}

/** The result of a case. */
export interface Outcome {
  netUsdPerH: number
  paybackMonths?: number | undefined
}

/** An input that can be varied. */
interface Lever {
  input: string
  unit: string
  value: number
  /** sets the input to `by` x its value, or to the nearest possible value; returns that value and the new case */
  turn(by: number): { value: number; to: Case }
}

const PRICE_UNITS = {
  btcUsd: 'USD/BTC',
  difficulty: 'difficulty',
  feesBtcPerBlock: 'BTC/block',
  energyUsdPerKwh: 'USD/kWh',
} as const
const CONVERSION_UNITS = {
  capexUsdPerMw: 'USD/MW',
  months: 'months',
  usdPerGpuHour: 'USD/GPU-hour',
  colocationUsdPerKwMonth: 'USD/kW-month',
  gpusPerMw: 'GPUs/MW',
  kwPerGpu: 'kW/GPU',
  pue: 'ratio',
  occupancy: 'ratio',
} as const

/**
 * How much each input changes the result of a case while all others stay the same: the change for +1 %, as the central difference of
 * -1 % and +1 % (one-sided at a limit, such as an occupancy of 1), and the results at -10 % and +10 %. Inputs that are unknown or 0
 * are left out.
 */
export function sensitivities(now: Case, evaluate: (c: Case) => Outcome): SensitivityView[] {
  const site = [...priceLevers(now), ...marketLevers(now)].map((l) => measured(l, evaluate, true))
  const built = conversionLevers(now).map((l) => measured(l, evaluate, false))
  const swing = (s: SensitivityView) => Math.abs((s.netAtHighUsdPerH ?? 0) - (s.netAtLowUsdPerH ?? 0))
  return [...site.sort((a, b) => swing(b) - swing(a)), ...built]
}

function measured(lever: Lever, evaluate: (c: Case) => Outcome, ofSite: boolean): SensitivityView {
  const at = (by: number) => {
    const turned = lever.turn(by)
    return { value: turned.value, ...evaluate(turned.to) }
  }
  const [less, more, low, high] = [at(0.99), at(1.01), at(0.9), at(1.1)]
  const percents = (100 * (more.value - less.value)) / lever.value
  const perPercent = ratio(more.netUsdPerH - less.netUsdPerH, percents)
  const { input, unit, value } = lever
  return {
    input,
    unit,
    value,
    low: low.value,
    high: high.value,
    ...(ofSite ? { netAtLowUsdPerH: low.netUsdPerH, netAtHighUsdPerH: high.netUsdPerH } : {}),
    ...(ofSite && perPercent !== undefined ? { netUsdPerHPerPercent: perPercent } : {}),
    ...(low.paybackMonths === undefined ? {} : { paybackMonthsAtLow: low.paybackMonths }),
    ...(high.paybackMonths === undefined ? {} : { paybackMonthsAtHigh: high.paybackMonths }),
  }
}

function priceLevers(now: Case): Lever[] {
  return (Object.keys(PRICE_UNITS) as (keyof typeof PRICE_UNITS)[]).flatMap((input) => {
    const value = now.site.prices[input]
    if (!value) return []
    const turn = (by: number) => {
      const turned = value * by
      return { value: turned, to: { ...now, site: changed(now.site, { prices: { [input]: turned } }) } }
    }
    return [{ input, unit: PRICE_UNITS[input], value, turn }]
  })
}

function marketLevers(now: Case): Lever[] {
  const { site } = now
  const rented = site.workloads.filter((w) => w.paidBy === 'gpu-hours')
  const sum = (value: (w: BaselineWorkload) => number) => rented.reduce((total, w) => total + value(w), 0)
  const held = sum((w) => w.gpusHeld)
  const installed = sum((w) => w.gpusInstalled)
  const heldAt = (by: number) => (w: BaselineWorkload) =>
    Math.min(w.gpusHeld * by, Math.max(w.gpusHeld, w.gpusInstalled))
  const price = ratio(
    sum((w) => w.gpusHeld * (w.usdPerGpuHour ?? 0)),
    held,
  )
  const levers: Lever[] = []
  if (price)
    levers.push({
      input: 'usdPerGpuHour',
      unit: 'USD/GPU-hour',
      value: price,
      turn: (by) => ({
        value: price * by,
        to: { ...now, site: changed(site, { usdPerGpuHour: (w) => (w.usdPerGpuHour ?? 0) * by }) },
      }),
    })
  const occupancy = ratio(held, installed)
  if (occupancy)
    levers.push({
      input: 'occupancy',
      unit: 'ratio',
      value: occupancy,
      turn: (by) => ({
        value: sum(heldAt(by)) / installed,
        to: { ...now, site: changed(site, { gpusHeld: heldAt(by) }) },
      }),
    })
  if (site.workloads.some((w) => w.paidBy === 'tokens' && w.revenueUsdPerH !== 0))
    levers.push({
      input: 'tokenPriceRatio',
      unit: 'ratio',
      value: 1,
      turn: (by) => ({ value: by, to: { ...now, site: changed(site, { tokenPriceRatio: by }) } }),
    })
  return levers
}

function conversionLevers(now: Case): Lever[] {
  const { conversion } = now
  if (!conversion) return []
  const most = (input: string) => (input === 'occupancy' ? 1 : Number.POSITIVE_INFINITY)
  const least = (input: string) => (input === 'pue' ? 1 : 0)
  return (Object.keys(CONVERSION_UNITS) as (keyof typeof CONVERSION_UNITS)[]).flatMap((input) => {
    const value = conversion[input]
    if (!value) return []
    const turn = (by: number) => {
      const turned = Math.max(least(input), Math.min(most(input), value * by))
      return { value: turned, to: { ...now, conversion: { ...conversion, [input]: turned } } }
    }
    return [{ input: `conversion.${input}`, unit: CONVERSION_UNITS[input], value, turn }]
  })
}
