import { z } from 'zod'
import { QuoteNameSchema, QuoteSchema } from '../../protocol/quote.ts'
import { PriceViewSchema } from './site.ts'

const unix = z.number().int().describe('Unix time, ms')

/** What the API says of the prices: what holds, who says so, and what is not believed. */
export const QuotesSchema = z.object({
  quotes: z.array(PriceViewSchema).describe('what holds now'),
  feeds: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      quotes: z.array(QuoteNameSchema).readonly().describe('what it may say something of'),
      heardMs: unix.optional().describe('when it last said something'),
      failing: z.string().optional().describe('why something is missing'),
    }),
  ),
  heldBack: z
    .array(
      QuoteSchema.pick({ name: true, value: true, unit: true, source: true }).extend({
        sinceMs: unix,
        reason: z.string(),
      }),
    )
    .describe('values that are not believed, and not used'),
})
export type QuotesAnswer = z.infer<typeof QuotesSchema>
