import { hashpriceUsdPerPhDay, networkHashrateHs } from '../mining.ts'
import { ratio } from '../ratio.ts'
import { type Baseline, type BaselinePrices, type BaselineWorkload, shareUsdOf } from './baseline.ts'
import { convert } from './conversion.ts'
import { nextHalving, retargets } from './network.ts'
import { type Conversion, type Scenario, underScenario } from './scenario.ts'
import { type Case, type Outcome, sensitivities } from './sensitivity.ts'
import type { ConversionView, PricesNow, RatesView, WhatIf } from './whatif-answer.ts'

const NEEDED = ['btcUsd', 'difficulty', 'blockHeight', 'energyUsdPerKwh'] as const

/** Compares a site under a scenario with the site now: by workload and in total, with the sensitivity to each input. */
export function whatIf(before: Baseline, scenario: Scenario): WhatIf {
  const after = underScenario(before, scenario)
  const { conversion } = scenario
  const site = { before: siteRates(before), after: siteRates(after) }
  const network = networkAhead(before, scenario)
  return {
    atMs: before.atMs,
    scenario,
    missing: NEEDED.filter((name) => after.prices[name] === undefined),
    prices: { before: pricesNow(before.prices), after: pricesNow(after.prices) },
    site,
    workloads: before.workloads.map((w, i) => ({
      workload: w.name,
      kind: w.kind,
      before: ratesOf(w, before.prices),
      after: ratesOf(after.workloads[i] ?? w, after.prices),
    })),
    ...(network ? { network } : {}),
    ...(conversion ? { conversion: converted(after, conversion) } : {}),
    sensitivities: sensitivities({ site: after, conversion }, outcomeOf),
  }
}

/**
 * Checks whether a scenario fits a site.
 * @returns the wrong parameter and the problem, or undefined if it fits
 */
export function scenarioFault(
  { workloads }: Baseline,
  { conversion, usdPerGpuHour }: Scenario,
): { parameter: string; problem: string } | undefined {
  const list = (found: readonly BaselineWorkload[]) => found.map((w) => w.name).join(', ') || 'none'
  const rented = workloads.filter((w) => w.paidBy === 'gpu-hours')
  const named = typeof usdPerGpuHour === 'object' ? Object.keys(usdPerGpuHour) : []
  const stranger = named.find((name) => !rented.some((w) => w.name === name))
  if (stranger !== undefined) {
    const problem = `there is no workload ${stranger} that is paid by the GPU-hour; expected one of: ${list(rented)}`
    return { parameter: 'usdPerGpuHour', problem }
  }
  if (conversion?.from === undefined) return undefined
  const from = workloads.find((w) => w.name === conversion.from)
  if (!from)
    return {
      parameter: 'conversion.from',
      problem: `there is no workload ${conversion.from}; expected one of: ${list(workloads)}`,
    }
  if (conversion.powerMw * 1e6 > from.powerW * (1 + 1e-9))
    return {
      parameter: 'conversion.powerMw',
      problem: `expected at most ${(from.powerW / 1e6).toFixed(6)}, the MW that ${from.name} draws now`,
    }
  return undefined
}

/** Revenue and costs of a workload at these prices. Energy counts as free if its price is unknown. */
function ratesOf(w: BaselineWorkload, { energyUsdPerKwh = 0 }: BaselinePrices): RatesView {
  const { powerW, revenueUsdPerH, otherCostUsdPerH } = w
  return rates({
    powerW,
    revenueUsdPerH,
    otherCostUsdPerH,
    energyCostUsdPerH: (powerW / 1000) * energyUsdPerKwh,
  })
}

function siteRates({ workloads, prices }: Baseline): RatesView {
  const all = workloads.map((w) => ratesOf(w, prices))
  const sum = (key: 'powerW' | 'revenueUsdPerH' | 'energyCostUsdPerH' | 'otherCostUsdPerH') =>
    all.reduce((total, r) => total + r[key], 0)
  return rates({
    powerW: sum('powerW'),
    revenueUsdPerH: sum('revenueUsdPerH'),
    energyCostUsdPerH: sum('energyCostUsdPerH'),
    otherCostUsdPerH: sum('otherCostUsdPerH'),
  })
}

function rates(r: Omit<RatesView, 'netUsdPerH' | 'revenueUsdPerMwh' | 'breakEvenUsdPerKwh'>): RatesView {
  const perMwh = ratio(r.revenueUsdPerH * 1e6, r.powerW)
  const breakEven = ratio((r.revenueUsdPerH - r.otherCostUsdPerH) * 1000, r.powerW)
  return {
    ...r,
    netUsdPerH: r.revenueUsdPerH - r.energyCostUsdPerH - r.otherCostUsdPerH,
    ...(perMwh === undefined ? {} : { revenueUsdPerMwh: perMwh }),
    ...(breakEven === undefined ? {} : { breakEvenUsdPerKwh: breakEven }),
  }
}

/** The prices, with the hashprice that they imply. */
export function pricesNow(prices: BaselinePrices): PricesNow {
  const usdPerShare = shareUsdOf(prices)
  return {
    ...prices,
    ...(usdPerShare === undefined ? {} : { hashpriceUsdPerPhDay: hashpriceUsdPerPhDay(usdPerShare) }),
  }
}

/** The next retargets and halving, from the height and difficulty at the start of the scenario. */
function networkAhead({ atMs, prices }: Baseline, s: Scenario): WhatIf['network'] {
  const { blockHeight } = prices
  const difficulty = s.difficulty ?? prices.difficulty
  if (blockHeight === undefined || difficulty === undefined) return undefined
  return {
    hashrateHs: networkHashrateHs(difficulty),
    retargets: retargets({ atMs, blockHeight, difficulty }, s.networkLeavesShare ?? 0),
    halving: nextHalving(blockHeight, atMs),
  }
}

function converted(site: Baseline, conversion: Conversion): ConversionView {
  const from = site.workloads.find((w) => w.name === conversion.from)
  const { energyUsdPerKwh = 0 } = site.prices
  const netUsdPerKwH = from && ratio(ratesOf(from, site.prices).netUsdPerH * 1000, from.powerW)
  return convert(conversion, { atMs: site.atMs, netUsdPerKwH: netUsdPerKwH ?? 0, energyUsdPerKwh })
}

function outcomeOf({ site, conversion }: Case): Outcome {
  return {
    netUsdPerH: siteRates(site).netUsdPerH,
    ...(conversion ? { paybackMonths: converted(site, conversion).paybackMonths } : {}),
  }
}
