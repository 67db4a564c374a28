import type { Prices } from '../../../protocol/quote.ts'
import { type TrueUp, trueUpOwner } from '../true-up.ts'
import type { Workload } from '../workloads.ts'
import { type PricedPart, pieceWithoutDevice } from './priced.ts'
import { earned, isPaidByShare, ledgerShareUsd, milliSatOf, nanoUsd } from './revenue.ts'

/** The parts that true-ups add to their minute. A workload that no longer mines, or is gone, gets none. */
export function trueUpParts(
  trueUps: readonly TrueUp[],
  workloads: readonly Workload[],
  prices: Prices,
  needsFees?: boolean,
): PricedPart[] {
  const usdPerShare = ledgerShareUsd(prices, needsFees)
  return [...trueUps]
    .sort((a, b) => compare(a.workload, b.workload) || compare(a.worker, b.worker))
    .flatMap((trueUp) => {
      const workload = workloads.find((w) => w.name === trueUp.workload)
      if (workload?.kind !== 'mining') return []
      const work = { workload, owner: trueUpOwner(trueUp) }
      const money = earned(work, { workDiff1: trueUp.workDiff1 }, usdPerShare)
      return [
        pieceWithoutDevice(
          { name: workload.name, workload },
          {
            trueUp,
            revenueNanoUsd: nanoUsd(money.revenueUsd),
            feeNanoUsd: nanoUsd(money.feeUsd),
            // a fixed hashprice is paid in USD: nobody mined satoshis for it
            ...(isPaidByShare(work) ? { minedMilliSat: milliSatOf(money.revenueUsd, prices) } : {}),
            ...(isPaidByShare(work) && usdPerShare === undefined
              ? { unpricedWorkDiff1: trueUp.workDiff1 }
              : {}),
          },
        ),
      ]
    })
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
