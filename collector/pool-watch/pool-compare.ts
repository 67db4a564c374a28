import { MINUTE_MS } from '../../protocol/units.ts'
import type { Credit } from '../economics/settlement/pool-credit.ts'
import { type PoolDifference, poolDifference } from '../economics/settlement/pool-difference.ts'
import type { Workload } from '../economics/workloads.ts'
import type { QuoteBook } from '../prices/quote-book.ts'
import type { PoolLedger } from './pool-ledger.ts'

/** Step at which the BTC price is sampled for its average over a credit's time. */
const PRICE_STEP_MS = 10 * MINUTE_MS

export interface CompareOptions {
  ledger: Pick<PoolLedger, 'period'>
  quotes: Pick<QuoteBook, 'at'>
  workload: Workload | undefined
  credits: readonly Credit[]
}

/** Compares each credit of a pool with the ledger of its workload over the same time. Rejects where the store fails. */
export async function compareCredits(options: CompareOptions): Promise<PoolDifference[]> {
  const { ledger, quotes, workload, credits } = options
  const mining = workload?.kind === 'mining' ? workload : undefined
  if (!mining) return []
  const paysByShare =
    (mining.scheme === 'fpps' || mining.scheme === 'pps+') &&
    // with a contract price the ledger doesn't follow the network, and the pool does
    mining.usdPerPhDay === undefined &&
    mining.usdPerDeviceDay === undefined
  const differences: PoolDifference[] = []
  for (const credit of credits) {
    const { fromMs, toMs } = credit
    differences.push(
      poolDifference(credit, await ledger.period(mining.name, fromMs, toMs), {
        btcUsd: averageBtcUsd(quotes, fromMs, toMs),
        paysByShare,
        poolFeeRatio: mining.poolFeeRatio,
      }),
    )
  }
  return differences
}

/** Average of [fromMs, toMs), USD; undefined where no price is known. */
function averageBtcUsd(quotes: Pick<QuoteBook, 'at'>, fromMs: number, toMs: number): number | undefined {
  let sum = 0
  let count = 0
  for (let ms = fromMs; ms < toMs; ms += PRICE_STEP_MS) {
    const price = quotes.at(ms).btcUsd?.value
    if (price === undefined) continue
    sum += price
    count++
  }
  return count > 0 ? sum / count : undefined
}
