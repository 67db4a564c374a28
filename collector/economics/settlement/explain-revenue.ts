import { UNKNOWN_ALGORITHM } from '../../../protocol/device.ts'
import type { Prices, QuoteName } from '../../../protocol/quote.ts'
import { HASHES_PER_DIFF1, HOUR_MS } from '../../../protocol/units.ts'
import type { AgentInterval } from '../ledger-row.ts'
import { nextSubsidyBtc } from '../mining.ts'
import type { TrueUp } from '../true-up.ts'
import type { WorkloadOf } from '../workloads.ts'
import { isContract } from './contracts.ts'
import { ESTIMATES } from './estimates.ts'
import { explainShare } from './explain-contract.ts'
import { type Formula, nano, nothing, unpricedText } from './formula.ts'
import type { PricedPart } from './priced.ts'
import { DAY_MS, isDevFee } from './revenue.ts'
import type { PricedMinute } from './settle.ts'
import { missingForShares } from './unpriced.ts'

/** The formula of a part's revenue, nano-USD. It repeats the arithmetic of revenue.ts and contracts.ts. */
export function explainRevenue(
  part: PricedPart,
  minute: PricedMinute,
  prices: Prices,
  needsFees?: boolean,
): Formula {
  const missing = missingForShares(prices, needsFees)
  const { interval, workload, counts } = part
  if (workload && isContract(workload)) return explainShare(part, minute)
  if (part.trueUp && workload?.kind === 'mining')
    return explainWork(trueUpTerm(part.trueUp), workload, prices, missing)
  if (!interval || !counts) return nothing('this is energy that a meter measured beyond its machines')
  switch (workload?.kind) {
    case 'mining':
      return explainMining(part, workload, prices, missing)
    case 'gpu-hour':
      return explainGpuHours(interval, workload)
    case 'tokens':
      return explainTokens(part, workload)
    default:
      return nothing('no workload earns this')
  }
}

/** The time of the record, less that of other devices of its machine. */
function explainGpuHours(
  { gpuMs = 0, othersGpuMs }: AgentInterval,
  { usdPerGpuHour }: WorkloadOf<'gpu-hour'>,
): Formula {
  if (othersGpuMs === undefined)
    return { formula: nano(`(gpuMs / ${HOUR_MS}) * usdPerGpuHour`), inputs: { gpuMs, usdPerGpuHour } }
  return {
    formula: nano(`((gpuMs - othersGpuMs) / ${HOUR_MS}) * usdPerGpuHour`),
    inputs: { gpuMs: gpuMs + othersGpuMs, othersGpuMs, usdPerGpuHour },
    because:
      'othersGpuMs is the time of GPUs in it, and of hosts under a service, that are read on their own: they earn it themselves',
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

function explainMining(
  part: PricedPart,
  workload: WorkloadOf<'mining'>,
  prices: Prices,
  missing: readonly QuoteName[],
): Formula {
  const { interval, device } = part
  if (isDevFee(interval?.owner ?? {})) return nothing('the work was for the firmware’s dev fee')
  const { poolFeeRatio, usdPerDeviceDay } = workload
  if (device?.algorithm !== undefined) {
    if (usdPerDeviceDay === undefined)
      return nothing(
        device.algorithm === UNKNOWN_ALGORITHM
          ? 'what this machine hashes is unknown: set algorithm: in its agent’s configuration (sha256 where it mines Bitcoin)'
          : `the workload has no price for ${device.algorithm}: set usdPerDeviceDay`,
      )
    return {
      formula: nano(`(coveredMs / ${DAY_MS}) * usdPerDeviceDay * (1 - poolFeeRatio)`),
      inputs: { coveredMs: interval?.coveredMs ?? 0, usdPerDeviceDay, poolFeeRatio },
    }
  }
  const work = workTerm(interval?.workDiff1 ?? 0, interval?.estimatedWorkDiff1)
  return explainWork(work, workload, prices, missing)
}

/** A quantity of work in a formula: its expression, its inputs, and where it comes from. */
type WorkTerm = Formula

const ESTIMATED =
  'estimated: this machine does not count its accepted work, so it is hashrate x time, less rejected shares'

const workTerm = (workDiff1: number, estimatedWorkDiff1: number | undefined): WorkTerm =>
  estimatedWorkDiff1 === undefined
    ? { formula: 'workDiff1', inputs: { workDiff1 } }
    : {
        formula: '(workDiff1 + estimatedWorkDiff1)',
        inputs: { workDiff1, estimatedWorkDiff1 },
        because: ESTIMATED,
      }

/** The pool's credit of a day less the ledger's work of the same worker. */
const trueUpTerm = (trueUp: TrueUp): WorkTerm => {
  const { poolWorkDiff1, countedWorkDiff1, estimatedWorkDiff1, worker, dayMs, poolBasis } = trueUp
  const day = new Date(dayMs).toISOString().slice(0, 10)
  const basis = poolBasis === 'shares' ? 'its count of shares' : 'its average hashrate x time'
  return {
    formula: '(poolWorkDiff1 - countedWorkDiff1 - estimatedWorkDiff1)',
    inputs: { poolWorkDiff1, countedWorkDiff1, estimatedWorkDiff1 },
    because: `true-up of estimated work: what the pool credited worker ${worker} for ${day}, by ${basis}, less the ledger’s work of that day, and what may be of another pool or of before the ledger had the machine`,
  }
}

function explainWork(
  work: WorkTerm,
  workload: WorkloadOf<'mining'>,
  prices: Prices,
  missing: readonly QuoteName[],
): Formula {
  const { poolFeeRatio, usdPerPhDay, scheme } = workload
  const remarks = [work.because, usdPerPhDay === undefined ? ESTIMATES[scheme] : undefined]
  const because = remarks.filter((text) => text).join('; ')
  if (usdPerPhDay !== undefined)
    return {
      formula: nano(
        `${work.formula} * ((usdPerPhDay * ${HASHES_PER_DIFF1}) / (1000000000000000 * 86400)) * (1 - poolFeeRatio)`,
      ),
      inputs: { ...work.inputs, usdPerPhDay, poolFeeRatio },
      ...(because ? { because } : {}),
    }
  const { btcUsd, difficulty, blockHeight, feesBtcPerBlock } = prices
  if (missing.length > 0 || !btcUsd || !difficulty || !blockHeight) return nothing(unpricedText(missing))
  return {
    formula: nano(
      `${work.formula} * (((subsidyBtc + feesBtcPerBlock) * btcUsd) / difficulty) * (1 - poolFeeRatio)`,
    ),
    inputs: {
      ...work.inputs,
      subsidyBtc: nextSubsidyBtc(blockHeight.value),
      feesBtcPerBlock: feesBtcPerBlock?.value ?? 0,
      btcUsd: btcUsd.value,
      difficulty: difficulty.value,
      poolFeeRatio,
    },
    ...(because ? { because } : {}),
  }
}
