import { HOUR_MS, MILLIJOULES_PER_KWH, NANO_USD_PER_USD } from '../../protocol/units.ts'
import type { Prices } from '../quotes.ts'
import type { Workload } from '../workloads.ts'
import { subsidyBtc } from './mining.ts'
import { isDevFee } from './revenue.ts'
import type { PricedInterval } from './settle.ts'

/**
 * A figure as arithmetic that anybody can do again: `formula` in the names of `inputs`, numbers, + - * / ( ) and round(),
 * evaluated in double precision from left to right.
 */
export interface Formula {
  formula: string
  inputs: Record<string, number>
  /** why it is nothing, where it is */
  because?: string | undefined
}

const nothing = (because: string): Formula => ({ formula: '0', inputs: {}, because })

/** How the revenue of an interval came about, nano-USD. The same sums as in revenue.ts, written down. */
export function explainRevenue({ interval: i, workload }: PricedInterval, prices: Prices): Formula {
  switch (workload?.kind) {
    case 'mining':
      if (isDevFee(i.owner)) return nothing('the work was for the firmware’s dev fee')
      return explainMining(i.workDiff1 ?? 0, workload, prices)
    case 'gpu-hour':
      return {
        formula: `round((gpuMs / ${HOUR_MS}) * usdPerGpuHour * ${NANO_USD_PER_USD})`,
        inputs: { gpuMs: i.gpuMs ?? 0, usdPerGpuHour: workload.usdPerGpuHour },
      }
    case 'tokens':
      return {
        formula: `round((tokensIn * usdPerMillionTokensIn + tokensOut * usdPerMillionTokensOut) / 1000000 * ${NANO_USD_PER_USD})`,
        inputs: {
          tokensIn: i.tokensIn ?? 0,
          usdPerMillionTokensIn: workload.usdPerMillionTokensIn,
          tokensOut: i.tokensOut ?? 0,
          usdPerMillionTokensOut: workload.usdPerMillionTokensOut,
        },
      }
    default:
      return nothing('it earns nothing by its nature')
  }
}

function explainMining(
  workDiff1: number,
  workload: Extract<Workload, { kind: 'mining' }>,
  { btcUsd, difficulty, blockHeight, feesBtcPerBlock }: Prices,
): Formula {
  if (!btcUsd || !difficulty || !blockHeight || !(difficulty.value > 0))
    return nothing('a price was missing: btcUsd, difficulty and blockHeight are needed')
  return {
    formula: `round(workDiff1 * (((subsidyBtc + feesBtcPerBlock) * btcUsd) / difficulty) * (1 - poolFeeRatio) * ${NANO_USD_PER_USD})`,
    inputs: {
      workDiff1,
      subsidyBtc: subsidyBtc(blockHeight.value),
      feesBtcPerBlock: feesBtcPerBlock?.value ?? 0,
      btcUsd: btcUsd.value,
      difficulty: difficulty.value,
      poolFeeRatio: workload.poolFeeRatio,
    },
  }
}

/** How the cost of an interval's energy came about, nano-USD. */
export const explainCost = (energyMilliJ: number, { energyUsdPerKwh }: Prices): Formula =>
  energyUsdPerKwh
    ? {
        formula: `round(energyMilliJ / ${MILLIJOULES_PER_KWH} * energyUsdPerKwh * ${NANO_USD_PER_USD})`,
        inputs: { energyMilliJ, energyUsdPerKwh: energyUsdPerKwh.value },
      }
    : nothing('a price was missing: energyUsdPerKwh')
