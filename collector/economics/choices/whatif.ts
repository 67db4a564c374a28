import { hashpriceUsdPerPhDay, networkHashrateHs } from '../mining.ts'
import { ratio } from '../ratio.ts'
import { type Baseline, type BaselinePrices, type BaselineWorkload, shareUsdOf } from './baseline.ts'
import { convert } from './conversion.ts'
import { nextHalving, retargets } from './network.ts'
import { type Conversion, type Scenario, underScenario } from './scenario.ts'
import { type Case, type Outcome, sensitivities } from './sensitivity.ts'
import type { ConversionView, PricesNow, RatesView, WhatIf } from './whatif-answer.ts'

const NEEDED = ['btcUsd', 'difficulty', 'blockHeight', 'energyUsdPerKwh'] as const

/** A site under a scenario, beside the site as it is: by workload and in all, with what each input moves. Advice only. */
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

/** Why a scenario can't be about this site, or undefined. @returns the parameter and what is wrong with it */
export function scenarioFault(
  { workloads }: Baseline,
  { conversion, usdPerGpuHour }: Scenario,
): { parameter: string; problem: string } | undefined {
  const list = (found: readonly BaselineWorkload[]) => found.map((w) => w.name).join(', ') || 'none'
  const rented = workloads.filter((w) => w.paidBy === 'gpu-hours')
  const named = typeof usdPerGpuHour === 'object' ? Object.keys(usdPerGpuHour) : []
  const stranger = named.find((name) => !rented.some((w) => w.name === name))
  if (stranger !== undefined) {
    const problem = `no workload ${stranger} is paid by the GPU-hour; there are ${list(rented)}`
    return { parameter: 'usdPerGpuHour', problem }
  }
  if (conversion?.from === undefined) return undefined
  const from = workloads.find((w) => w.name === conversion.from)
  if (!from)
    return {
      parameter: 'conversion.from',
      problem: `there is no workload ${conversion.from}; there are ${list(workloads)}`,
    }
  if (conversion.powerMw * 1e6 > from.powerW * (1 + 1e-9))
    return {
      parameter: 'conversion.powerMw',
      problem: `${from.name} takes ${(from.powerW / 1e6).toFixed(6)} MW now; expected at most that`,
    }
  return undefined
}

/** What a workload earns and costs at these prices. Energy is free where its price is unknown. */
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

/** Prices with the hashprice that follows from them. */
export function pricesNow(prices: BaselinePrices): PricesNow {
  const usdPerShare = shareUsdOf(prices)
  return {
    ...prices,
    ...(usdPerShare === undefined ? {} : { hashpriceUsdPerPhDay: hashpriceUsdPerPhDay(usdPerShare) }),
  }
}

/** What the chain does next, from the height and the difficulty that the scenario begins with. */
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
