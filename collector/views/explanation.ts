import { z } from 'zod'
import { QuoteSchema } from '../../protocol/quote.ts'

/** What the API says of how a figure of the ledger came about. */

const time = z.iso.datetime()
const nanoUsd = z.number().int().describe('nano-USD')

const FormulaSchema = z.object({
  formula: z
    .string()
    .describe('arithmetic in the names of `inputs`: + - * / ( ) round(), double precision, left to right'),
  inputs: z.record(z.string(), z.number()),
  because: z.string().optional().describe('why it is nothing, or what is to be known of it'),
  parts: z
    .object({
      input: z.string(),
      of: z.array(z.object({ agentId: z.string(), deviceId: z.string(), amount: z.number() })),
    })
    .optional()
    .describe('what one of the inputs is the sum of'),
})

const SumsSchema = z.object({
  energyMilliJ: z.number().int(),
  revenueNanoUsd: nanoUsd,
  costNanoUsd: nanoUsd,
  demandNanoUsd: nanoUsd.describe('its part of the site’s demand charge'),
})

const ExplainedIntervalSchema = SumsSchema.extend({
  agentId: z.string(),
  deviceId: z.string(),
  owner: z.record(z.string(), z.string()).describe('whom the machine worked for'),
  start: time.optional().describe('absent: no record, but a contract that pays whatever is used'),
  durationMs: z.number().int(),
  coveredMs: z.number().int(),
  powerBasis: z.string().optional(),
  recovered: z.boolean().optional(),
  energy: FormulaSchema.optional().describe(
    'result: energyMilliJ, where it is not what the record says: a meter knows better, or shows more than its machines',
  ),
  revenue: FormulaSchema.describe('result: revenueNanoUsd'),
  cost: FormulaSchema.describe('result: costNanoUsd'),
  demand: FormulaSchema.optional().describe('result: demandNanoUsd'),
})

export const ExplanationSchema = z.object({
  workload: z.string(),
  minute: time,
  revision: z.number().int().describe('0: not settled yet; above 1: restated'),
  settledAt: time.optional(),
  rules: z.object({
    version: z.string(),
    workload: z.record(z.string(), z.unknown()).optional().describe('the contract as it was configured'),
  }),
  quotes: z.array(QuoteSchema),
  contract: FormulaSchema.optional().describe(
    'result: contractNanoUsd, what the contract pays for the minute',
  ),
  intervals: z.array(ExplainedIntervalSchema),
  sums: SumsSchema.describe('of the intervals above'),
  ledger: SumsSchema.optional().describe('what the ledger has; absent where it has nothing'),
  agrees: z.boolean().describe('false while a late record waits to be settled'),
})
export type Explanation = z.infer<typeof ExplanationSchema>
