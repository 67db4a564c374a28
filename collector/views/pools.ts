import { z } from 'zod'

/** What the API says of the pools. Times are ISO 8601, money in USD and BTC, what nobody knows is absent. */

const time = z.iso.datetime()
const optional = z.number().optional()

const PoolDifferenceSchema = z.object({
  from: time,
  to: time,
  basis: z
    .enum(['revenue', 'shares', 'hashrate'])
    .optional()
    .describe('what is compared: the revenue, the shares that the pool counted, or its average hashrate'),
  differenceRatio: optional.describe('pool less ledger, part of the ledger’s: -0.03 is 3 % missing'),
  differenceUsdPerDay: optional.describe('negative: money that is missing'),
  because: z.string().optional().describe('why there is no difference'),
  ledgerCoveredRatio: z.number().describe('part of the time’s minutes that the ledger has'),
  ledgerWorkDiff1: z.number(),
  ledgerRevenueUsd: z.number().describe('expected pay of the ledger’s work'),
  poolWorkDiff1: optional.describe('difficulty-1 shares that the pool credited'),
  poolWorkBasis: z
    .enum(['shares', 'hashrate'])
    .optional()
    .describe('hashrate: from its average hashrate over the time'),
  poolRevenueBtc: optional,
  poolRevenueUsd: optional.describe('at the average BTC price of the time'),
  byLuck: z.boolean().optional().describe('paid by the blocks that were found: not compared'),
})

export const PoolViewSchema = z.object({
  name: z.string(),
  kind: z.string(),
  workload: z.string().describe('whose ledger it is compared with'),
  state: z.enum(['waiting', 'ok', 'failing']).describe('waiting: not answered yet'),
  reason: z.string().optional().describe('why it fails, and what to do'),
  stale: z.boolean().describe('no answer for three turns: what follows is the last that it said'),
  answeredAt: time.optional(),
  hashrateHs: z
    .object({ now: optional, hour: optional, day: optional })
    .optional()
    .describe('averages over minutes, an hour and 24 h, as the pool says them'),
  workers: z.object({ alive: optional, dead: optional }).optional(),
  todayBtc: optional.describe('credited since 00:00 UTC, as the pool says it'),
  balanceBtc: optional.describe('credited and not paid out'),
  payouts: z
    .array(z.object({ at: time, amountBtc: z.number(), txid: z.string().optional() }))
    .describe('newest first'),
  differences: z.array(PoolDifferenceSchema).describe('the last 24 h, then complete UTC days, newest first'),
})
export type PoolView = z.infer<typeof PoolViewSchema>
