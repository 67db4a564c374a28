import { z } from 'zod'
import { QuoteSchema } from '../../protocol/quote.ts'
import { time } from './fields.ts'

/** The API's explanation of a workload's minute in the ledger: records, prices and formulas behind each figure. */

const nanoUsd = z.number().int().describe('nano-USD')

const FormulaSchema = z.object({
  formula: z
    .string()
    .describe(
      'arithmetic with the names of `inputs`, numbers, + - * / ( ) and round(), evaluated in double precision from left to right',
    ),
  inputs: z.record(z.string(), z.number()),
  because: z.string().optional().describe('why the figure is 0, or a remark on it'),
  parts: z
    .object({
      input: z.string(),
      of: z.array(z.object({ agentId: z.string(), deviceId: z.string(), amount: z.number() })),
    })
    .optional()
    .describe('the addends of one input'),
})

const SumsSchema = z.object({
  energyMilliJ: z.number().int(),
  revenueNanoUsd: nanoUsd,
  costNanoUsd: nanoUsd,
  demandNanoUsd: nanoUsd.describe('share of the site’s demand charge, nano-USD'),
  estimatedRevenueNanoUsd: nanoUsd.describe(
    'part of the revenue from estimated work, of machines that count no accepted work, nano-USD',
  ),
  trueUpRevenueNanoUsd: nanoUsd.describe(
    'part of the revenue from what the pool credited beyond the ledger’s work of the day, nano-USD',
  ),
})

const ExplainedIntervalSchema = SumsSchema.extend({
  agentId: z.string(),
  deviceId: z.string(),
  owner: z.record(z.string(), z.string()).describe('facts of the owner that the machine worked for'),
  start: time.optional().describe('start of the record; absent for a contract without machines'),
  durationMs: z.number().int(),
  coveredMs: z.number().int(),
  powerBasis: z.string().optional(),
  recovered: z.boolean().optional(),
  extra: z
    .record(z.string(), z.union([z.number(), z.string(), z.boolean()]))
    .optional()
    .describe(
      'what a newer agent said about the record, as it came: this version does not know it, and no sum has it',
    ),
  energy: FormulaSchema.optional().describe(
    'formula of energyMilliJ; absent if it is the energy of the record itself, not that of a meter',
  ),
  revenue: FormulaSchema.describe('formula of revenueNanoUsd'),
  cost: FormulaSchema.describe('formula of costNanoUsd'),
  demand: FormulaSchema.optional().describe('formula of demandNanoUsd'),
})

const HeldRecordSchema = z.object({
  agentId: z.string(),
  deviceId: z.string(),
  owner: z.record(z.string(), z.string()),
  start: time,
  kind: z.string().describe('doubt, claim or quarantine'),
  check: z.string().describe('the check that holds it'),
  reason: z.string(),
  state: z.string().describe('open until a person decides; rejected: left out for good'),
  energyMilliJ: z.number().int().optional().describe('its own energy'),
  revenueNanoUsd: nanoUsd.describe('what its work would earn by the prices of the minute, nano-USD'),
})

export const ExplanationSchema = z.object({
  workload: z.string(),
  minute: time,
  revision: z.number().int().describe('how often the minute was settled; 0: not yet; above 1: restated'),
  settledAt: time.optional(),
  causes: z
    .array(z.object({ at: time, why: z.string() }))
    .optional()
    .describe('why it was settled again, or why its figures stay though its records are gone'),
  rules: z.object({
    version: z.string(),
    workload: z.record(z.string(), z.unknown()).optional().describe('the contract as it was configured'),
  }),
  quotes: z.array(QuoteSchema),
  contract: FormulaSchema.optional().describe(
    'formula of contractNanoUsd, the pay of the contract for the minute',
  ),
  intervals: z.array(ExplainedIntervalSchema),
  heldBack: z
    .array(HeldRecordSchema)
    .optional()
    .describe('records that are in none of the figures, because they are held or were rejected'),
  poolShort: z
    .array(
      z.object({
        pool: z.string(),
        from: time,
        to: time,
        worker: z.string(),
        devices: z.array(z.string()),
        shortWorkDiff1: z.number(),
        shortUsd: z.number().optional().describe('USD'),
      }),
    )
    .optional()
    .describe(
      'workers that the pool credited less than the ledger counts in the 24 h around the minute: what is counted here may never be paid',
    ),
  sums: SumsSchema.describe('sums of the intervals above'),
  ledger: SumsSchema.optional().describe('the ledger’s figures; absent if the ledger has no row'),
  agrees: z
    .boolean()
    .describe('whether sums and ledger are equal; false while a late record waits to be settled'),
})
export type Explanation = z.infer<typeof ExplanationSchema>
