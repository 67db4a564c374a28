import type { Prices } from '../../../protocol/quote.ts'
import {
  HASHES_PER_DIFF1,
  HOUR_MS,
  MILLIJOULES_PER_KWH,
  MINUTE_MS,
  NANO_USD_PER_USD,
} from '../../../protocol/units.ts'
import type { MonthOf } from '../calendar.ts'
import type { Balanced } from '../energy/balance.ts'
import type { DeviceLoad } from '../energy/distribution.ts'
import { subsidyBtc } from '../mining.ts'
import type { Costs } from '../site-settings.ts'
import type { WorkloadOf } from '../workloads.ts'
import { type Contract, isBelow, isContract, type PaidContract, revenueOf, standingOf } from './contracts.ts'
import { type IntervalPart, type PricedPart, weightsOf } from './priced.ts'
import { DAY_MS, isDevFee } from './revenue.ts'
import type { PricedMinute } from './settle.ts'

/**
 * A figure as arithmetic that anybody can do again: `formula` in the names of `inputs`, numbers, + - * / ( ) and round(),
 * evaluated in double precision from left to right.
 */
export interface Formula {
  formula: string
  inputs: Record<string, number>
  /** why it is nothing, where it is, or what is to be known of it */
  because?: string | undefined
  /** what an input is the sum of */
  parts?: { input: string; of: { agentId: string; deviceId: string; amount: number }[] } | undefined
}

const nothing = (because: string): Formula => ({ formula: '0', inputs: {}, because })
const nano = (usd: string): string => `round(${usd} * ${NANO_USD_PER_USD})`

/** How the revenue of a part came about, nano-USD. The same sums as in revenue.ts and contracts.ts, written down. */
export function explainRevenue(part: PricedPart, minute: PricedMinute, prices: Prices): Formula {
  const { interval, workload, counts } = part
  if (workload && isContract(workload)) return explainShare(part, minute)
  if (!interval || !counts) return nothing('it is energy that a meter shows beyond its machines')
  switch (workload?.kind) {
    case 'mining':
      return explainMining(part, workload, prices)
    case 'gpu-hour':
      return {
        formula: nano(`(gpuMs / ${HOUR_MS}) * usdPerGpuHour`),
        inputs: { gpuMs: interval.gpuMs ?? 0, usdPerGpuHour: workload.usdPerGpuHour },
      }
    case 'tokens':
      return explainTokens(part, workload)
    default:
      return nothing('it earns nothing by its nature')
  }
}

/** A machine's part, by energy, of what its contract pays for the minute. */
function explainShare(part: PricedPart, { parts, contracts }: PricedMinute): Formula {
  const paid = contracts.get(part.name)
  if (!paid) return nothing('the contract is not in force')
  const own = parts.filter((p) => p.name === part.name)
  return sharedFormula('contractNanoUsd', revenueOf(paid.minute), own, part, part.contractNanoUsd)
}

/** One of several parts that share an amount, whole: what it was rounded by is an input too, so that the parts add up. */
function sharedFormula(
  input: string,
  amount: number,
  parts: readonly PricedPart[],
  part: PricedPart,
  result: number,
): Formula {
  if (parts.length === 1) return { formula: input, inputs: { [input]: amount } }
  const all = weightsOf(parts)
  const weight = all[parts.indexOf(part)] ?? 0
  const weights = all.reduce((a, w) => a + w, 0)
  if (!(weights > 0)) return { formula: input, inputs: { [input]: result } }
  const rounding = result - Math.round((amount * weight) / weights)
  return {
    formula: `round(${input} * weight / weights) + rounding`,
    inputs: { [input]: amount, weight, weights, rounding },
  }
}

/** How a part's share of the site's demand charge came about, nano-USD; undefined where there is no such charge. */
export function explainDemand(part: PricedPart, { parts, demandNanoUsd }: PricedMinute): Formula | undefined {
  if (demandNanoUsd === 0) return undefined
  const sharing = parts.some((p) => p.energyMilliJ > 0) ? parts : [part]
  return sharedFormula('siteDemandNanoUsd', demandNanoUsd, sharing, part, part.demandNanoUsd)
}

/** What a contract pays for the minute, nano-USD: the k-th of n minutes of what it pays for a month, or an hour. */
export function explainContract(
  contract: Contract,
  minuteMs: number,
  { used, minute }: PaidContract,
  monthOf: MonthOf,
): Formula {
  const { total, period } = standingOf(contract, minuteMs, monthOf)
  const n = Math.round((period.endMs - period.startMs) / MINUTE_MS)
  const k = Math.floor((minuteMs - period.startMs) / MINUTE_MS)
  const standing = 'round(totalNanoUsd * (k + 1) / n) - round(totalNanoUsd * k / n)'
  const inputs = { totalNanoUsd: total, k, n }
  if (contract.kind !== 'colocation') return { formula: standing, inputs }
  const isUnseen = contract.slaCreditRatio > 0 && minute.slaCredit === 0 && isBelow(contract, used)
  const unseen = isUnseen ? '; no outage was measured: his machines were not observed' : ''
  return {
    formula: `${standing} + passedOnNanoUsd + overNanoUsd + slaCreditNanoUsd`,
    inputs: {
      ...inputs,
      passedOnNanoUsd: minute.passedOn,
      overNanoUsd: minute.over,
      slaCreditNanoUsd: minute.slaCredit,
    },
    because: `of ${contract.contractedKw} kW contracted, ${(used.energyMilliJ / MILLIJOULES_PER_KWH) * 60} kW were drawn${unseen}`,
  }
}

function explainTokens({ interval }: PricedPart, workload: WorkloadOf<'tokens'>): Formula {
  const { tokensIn = 0, tokensInCached = 0, tokensOut = 0 } = interval ?? {}
  const { usdPerMillionTokensIn, usdPerMillionTokensInCached, usdPerMillionTokensOut } = workload
  const priced = usdPerMillionTokensInCached !== undefined
  const cached = priced ? Math.min(tokensIn, tokensInCached) : 0
  return {
    formula: nano(
      priced
        ? '((tokensIn - cached) * usdPerMillionTokensIn + cached * usdPerMillionTokensInCached + tokensOut * usdPerMillionTokensOut) / 1000000'
        : '(tokensIn * usdPerMillionTokensIn + tokensOut * usdPerMillionTokensOut) / 1000000',
    ),
    inputs: {
      tokensIn,
      usdPerMillionTokensIn,
      ...(priced ? { cached, usdPerMillionTokensInCached } : {}),
      tokensOut,
      usdPerMillionTokensOut,
    },
  }
}

const ESTIMATES: Partial<Record<WorkloadOf<'mining'>['scheme'], string>> = {
  'pps+': 'the fees of transactions are estimated: PPS+ pays them by the blocks that are found',
  pplns: 'estimated: the expected value, which PPLNS pays on average',
  solo: 'estimated: the expected value of blocks that are found rarely or never',
}

function explainMining(part: PricedPart, workload: WorkloadOf<'mining'>, prices: Prices): Formula {
  const { interval, device } = part
  if (isDevFee(interval?.owner ?? {})) return nothing('the work was for the firmware’s dev fee')
  const { poolFeeRatio, usdPerPhDay, usdPerDeviceDay, scheme } = workload
  const because = ESTIMATES[scheme]
  if (device?.algorithm !== undefined) {
    if (usdPerDeviceDay === undefined) return nothing(`${device.algorithm} has no price: usdPerDeviceDay`)
    return {
      formula: nano(`(coveredMs / ${DAY_MS}) * usdPerDeviceDay * (1 - poolFeeRatio)`),
      inputs: { coveredMs: interval?.coveredMs ?? 0, usdPerDeviceDay, poolFeeRatio },
    }
  }
  const workDiff1 = interval?.workDiff1 ?? 0
  if (usdPerPhDay !== undefined)
    return {
      formula: nano(
        `workDiff1 * ((usdPerPhDay * ${HASHES_PER_DIFF1}) / (1000000000000000 * 86400)) * (1 - poolFeeRatio)`,
      ),
      inputs: { workDiff1, usdPerPhDay, poolFeeRatio },
    }
  const { btcUsd, difficulty, blockHeight, feesBtcPerBlock } = prices
  if (!btcUsd || !difficulty || !blockHeight || !(difficulty.value > 0))
    return nothing('a price was missing: btcUsd, difficulty and blockHeight are needed')
  return {
    formula: nano(
      'workDiff1 * (((subsidyBtc + feesBtcPerBlock) * btcUsd) / difficulty) * (1 - poolFeeRatio)',
    ),
    inputs: {
      workDiff1,
      subsidyBtc: subsidyBtc(blockHeight.value),
      feesBtcPerBlock: feesBtcPerBlock?.value ?? 0,
      btcUsd: btcUsd.value,
      difficulty: difficulty.value,
      poolFeeRatio,
    },
    ...(because ? { because } : {}),
  }
}

/** How the cost of a part's energy came about, nano-USD. */
export function explainCost(
  energyMilliJ: number,
  { energyUsdPerKwh }: Prices,
  { transmissionUsdPerKwh }: Costs,
): Formula {
  if (!energyUsdPerKwh && transmissionUsdPerKwh === 0) return nothing('a price was missing: energyUsdPerKwh')
  const tariff = energyUsdPerKwh?.value ?? 0
  return {
    formula: nano(
      `(energyMilliJ / ${MILLIJOULES_PER_KWH}) * ${transmissionUsdPerKwh === 0 ? 'energyUsdPerKwh' : '(energyUsdPerKwh + transmissionUsdPerKwh)'}`,
    ),
    inputs: {
      energyMilliJ,
      energyUsdPerKwh: tariff,
      ...(transmissionUsdPerKwh === 0 ? {} : { transmissionUsdPerKwh }),
    },
  }
}

/** How a part's energy came about, mJ, where it is not what its own record says; undefined where it is. */
export function explainEnergy(part: PricedPart, minute: PricedMinute): Formula | undefined {
  const { charge } = part
  if (!charge) return undefined
  const { deviceLoads, distribution } = minute
  const { balanced, parents } = distribution
  const at = (i: number) => ({
    load: deviceLoads[i] as DeviceLoad<IntervalPart>,
    found: balanced[i] as Balanced,
  })
  const own = at(charge.load)
  const meter = at(parents[charge.load] ?? -1)
  const members = (i: number, but?: number) =>
    deviceLoads.flatMap(({ agentId, deviceId }, k) =>
      parents[k] === i && k !== but && (balanced[k] as Balanced).total !== 0
        ? [{ agentId, deviceId, amount: (balanced[k] as Balanced).total }]
        : [],
    )
  const sum = (of: readonly { amount: number }[]) => of.reduce((a, m) => a + m.amount, 0)
  if (!charge.part) {
    const of = members(charge.load)
    // a host behind its outlet drawn what that measured
    const measured = own.found.basis === 'meter' ? meter.load : own.load
    const inputs = { meterMilliJ: measured.own ?? 0, behindMilliJ: sum(of) }
    const rest = own.found.behind > 0 ? '(meterMilliJ - behindMilliJ)' : 'meterMilliJ'
    const { spread } = charge
    const formula = spread ? `${rest} * weight / weights` : rest
    return rounded(part, formula, { ...inputs, ...spread }, { input: 'behindMilliJ', of })
  }
  const shares = own.load.parts.reduce((a, p) => a + p.weight, 0)
  const { weight } = charge.part
  const split = weight === shares ? '' : ' * weight / weights'
  const weights: Record<string, number> = split ? { weight, weights: shares } : {}
  if (own.found.basis === 'meter')
    return rounded(part, `meterMilliJ${split}`, { meterMilliJ: meter.load.own ?? 0, ...weights })
  if (own.found.basis !== 'share') return undefined
  const of = members(parents[charge.load] as number, charge.load)
  return rounded(
    part,
    `(meterMilliJ - othersMilliJ)${split}`,
    { meterMilliJ: meter.load.own ?? 0, othersMilliJ: sum(of), ...weights },
    { input: 'othersMilliJ', of },
  )
}

/** What a whole number's share was rounded by is an input too: it makes the parts add up. */
function rounded(
  { energyMilliJ }: PricedPart,
  formula: string,
  inputs: Record<string, number>,
  parts?: Formula['parts'],
): Formula {
  const { meterMilliJ = 0, behindMilliJ = 0, othersMilliJ = 0, weight = 1, weights = 1 } = inputs
  const value = ((meterMilliJ - behindMilliJ - othersMilliJ) * weight) / weights
  const rounding = energyMilliJ - Math.round(value)
  return {
    formula: inputs['weight'] === undefined ? formula : `round(${formula}) + rounding`,
    inputs: inputs['weight'] === undefined ? inputs : { ...inputs, rounding },
    ...(parts && parts.of.length > 0 ? { parts } : {}),
  }
}
