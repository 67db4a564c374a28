import type { Prices } from '../../../protocol/quote.ts'
import { HASHES_PER_DIFF1, HOUR_MS } from '../../../protocol/units.ts'
import { nextSubsidyBtc } from '../mining.ts'
import type { WorkloadOf } from '../workloads.ts'
import { isContract } from './contracts.ts'
import { ESTIMATES } from './estimates.ts'
import { explainShare } from './explain-contract.ts'
import { type Formula, nano, nothing } from './formula.ts'
import type { PricedPart } from './priced.ts'
import { DAY_MS, isDevFee } from './revenue.ts'
import type { PricedMinute } from './settle.ts'

/** The formula of a part's revenue, nano-USD. It repeats the arithmetic of revenue.ts and contracts.ts. */
export function explainRevenue(part: PricedPart, minute: PricedMinute, prices: Prices): Formula {
  const { interval, workload, counts } = part
  if (workload && isContract(workload)) return explainShare(part, minute)
  if (!interval || !counts) return nothing('this is energy that a meter measured beyond its machines')
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
      return nothing('no workload earns this')
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

function explainMining(part: PricedPart, workload: WorkloadOf<'mining'>, prices: Prices): Formula {
  const { interval, device } = part
  if (isDevFee(interval?.owner ?? {})) return nothing('the work was for the firmware’s dev fee')
  const { poolFeeRatio, usdPerPhDay, usdPerDeviceDay, scheme } = workload
  const because = ESTIMATES[scheme]
  if (device?.algorithm !== undefined) {
    if (usdPerDeviceDay === undefined)
      return nothing(`the workload has no price for ${device.algorithm}: set usdPerDeviceDay`)
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
    return nothing('a price was missing: mining needs btcUsd, difficulty and blockHeight')
  return {
    formula: nano(
      'workDiff1 * (((subsidyBtc + feesBtcPerBlock) * btcUsd) / difficulty) * (1 - poolFeeRatio)',
    ),
    inputs: {
      workDiff1,
      subsidyBtc: nextSubsidyBtc(blockHeight.value),
      feesBtcPerBlock: feesBtcPerBlock?.value ?? 0,
      btcUsd: btcUsd.value,
      difficulty: difficulty.value,
      poolFeeRatio,
    },
    ...(because ? { because } : {}),
  }
}
