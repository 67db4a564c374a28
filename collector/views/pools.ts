import { z } from 'zod'
import { time } from './fields.ts'

/** The API's answer about pools. Times are ISO 8601, money in USD and BTC; a field is absent if its value is unknown. */

const optional = z.number().optional()

const PoolDifferenceSchema = z.object({
  from: time,
  to: time,
  basis: z
    .enum(['revenue', 'shares', 'hashrate'])
    .optional()
    .describe('the compared quantity: revenue, the pool’s count of shares, or its average hashrate'),
  differenceRatio: optional.describe('(pool - ledger) / ledger: -0.03 means that 3 % is missing'),
  differenceUsdPerDay: optional.describe('pool - ledger, USD per day; negative means that money is missing'),
  because: z.string().optional().describe('why no difference can be given'),
  ledgerCoveredRatio: z.number().describe('share of the period’s minutes that the ledger has'),
  ledgerWorkDiff1: z.number(),
  ledgerRevenueUsd: z.number().describe('expected revenue of the ledger’s work, USD'),
  poolWorkDiff1: optional.describe('difficulty-1 shares that the pool credited'),
  poolWorkBasis: z
    .enum(['shares', 'hashrate'])
    .optional()
    .describe('source of poolWorkDiff1: the pool’s count of shares, or its average hashrate over the period'),
  poolRevenueBtc: optional,
  poolRevenueUsd: optional.describe('poolRevenueBtc at the average Bitcoin price of the period'),
  byLuck: z.boolean().optional().describe('true: paid by the blocks found, so revenue is not compared'),
})

const ShortWorkerSchema = z.object({
  worker: z.string().describe('several names, where the pool’s list does not tell them apart'),
  devices: z.array(z.string()).describe('machines that mined under its name'),
  ledgerWorkDiff1: z.number().describe('counted and estimated, without true-ups'),
  estimatedWorkDiff1: optional.describe('part of ledgerWorkDiff1 that is estimated by the hashrate'),
  poolWorkDiff1: z.number(),
  poolWorkBasis: z
    .enum(['shares', 'hashrate'])
    .optional()
    .describe('how the pool tells it; absent: it lists no worker of this name'),
  allowedWorkDiff1: z
    .number()
    .describe('difference that chance, the pool’s late windows and estimates explain'),
  shortWorkDiff1: z.number().describe('ledgerWorkDiff1 - poolWorkDiff1'),
  shortUsd: optional.describe('shortWorkDiff1 at the ledger’s average value of a share, USD'),
})

const WorkersSchema = z.object({
  from: time,
  to: time,
  because: z.string().optional().describe('why nothing is compared'),
  compared: z.number().int(),
  shortWorkers: z
    .number()
    .int()
    .describe('workers that the pool credited less, beyond what chance and its late windows explain'),
  shortWorkDiff1: z.number().describe('sum over all of them'),
  shortUsd: optional.describe('sum over all of them, USD'),
  otherWorkDiff1: z
    .number()
    .describe('credited under names that no machine of the ledger mines under, difficulty-1 shares'),
  others: z
    .array(z.object({ worker: z.string(), workDiff1: z.number() }))
    .describe('some of those names, the most work first, 20 at most'),
  unclear: z
    .array(z.object({ workers: z.array(z.string()), because: z.string() }))
    .describe('workers of which it can’t be known what the pool credited each; 20 at most'),
  worst: z.array(ShortWorkerSchema).describe('worst first, 20 at most'),
})

/** A pool with its newest figures, compared with the ledger. */
export const PoolViewSchema = z.object({
  name: z.string(),
  pool: z.string().describe('its plug-in, as in the configuration: braiins, ocean ...'),
  workload: z.string().describe('workload of the ledger that the pool is compared with'),
  state: z.enum(['waiting', 'ok', 'failing']).describe('waiting: no answer since the start'),
  reason: z.string().optional().describe('why it fails, and what to do next'),
  missing: z
    .array(z.object({ figures: z.string(), since: time, reason: z.string() }))
    .optional()
    .describe(
      'figures that it does not tell though it answers: since when, why, and what to do next; absent: none',
    ),
  stale: z.boolean().describe('true after three polls without an answer: the figures are the last ones'),
  answeredAt: time.optional(),
  hashrateHs: z
    .object({ now: optional, hour: optional, day: optional })
    .optional()
    .describe('averages over some minutes, an hour and 24 h, as the pool reports them'),
  workers: z.object({ alive: optional, dead: optional }).optional(),
  todayBtc: optional.describe('BTC credited since 00:00 UTC, as the pool reports it'),
  balanceBtc: optional.describe('BTC credited and not yet paid out'),
  payouts: z
    .array(z.object({ at: time, amountBtc: z.number(), txid: z.string().optional() }))
    .describe('newest first'),
  notTruedUp: z
    .array(z.string())
    .optional()
    .describe(
      'UTC days whose work stays estimated: this pool tells each worker’s last 24 h only, and the collector did not ask it in the half hour after the day',
    ),
  notTruedUpWorkers: z
    .array(z.object({ day: z.string(), worker: z.string(), because: z.string() }))
    .optional()
    .describe(
      'workers whose work of a UTC day stays estimated though the pool’s list was read, and why; the newest 20',
    ),
  byWorker: WorkersSchema.optional().describe(
    'each worker’s credit beside the ledger’s work under its name; absent: not compared yet',
  ),
  differences: z.array(PoolDifferenceSchema).describe('the last 24 h, then complete UTC days, newest first'),
})
export type PoolView = z.infer<typeof PoolViewSchema>
