import { z } from 'zod'
import { QuoteNameSchema, QuoteSchema } from '../../protocol/quote.ts'
import { unix } from './fields.ts'
import { PriceViewSchema } from './site.ts'

/** A value that is not used, because it can hardly be true. */
export const HeldBackSchema = QuoteSchema.pick({ name: true, value: true, unit: true, source: true }).extend({
  fromMs: unix
    .optional()
    .describe('of a pushed price, from when it is to hold, where that is not when it was pushed, Unix ms'),
  usedFromMs: unix
    .optional()
    .describe(
      'it was used from here until sinceMs, and readings since say otherwise: reprice that time; Unix ms',
    ),
  sinceMs: unix,
  reason: z.string(),
  waitsFor: z
    .string()
    .optional()
    .describe('who may confirm it; absent: nobody can, its source is to be corrected'),
})

/** The API's answer about prices: those in force, their feeds, and values that were held back. */
export const QuotesSchema = z.object({
  quotes: z.array(PriceViewSchema).describe('prices in force now'),
  feeds: z.array(
    z.object({
      name: z.string(),
      feed: z.string().describe('its plug-in, as in the configuration: mempool, price-csv ...'),
      quotes: z.array(QuoteNameSchema).readonly().describe('prices that the feed may supply'),
      heardMs: unix.optional().describe('time of its last value, Unix ms'),
      failing: z.string().optional().describe('why a price is missing, and what to do next'),
      silent: z.literal(true).optional().describe('its last try gave no price at all'),
    }),
  ),
  heldBack: z.array(HeldBackSchema).describe('implausible values, which are not used'),
})
export type QuotesAnswer = z.infer<typeof QuotesSchema>
