import { z } from 'zod'

/** Devices that an agent reads though they belong to another, and what people decided about them. */

const time = z.iso.datetime()
const named = z.object({ agentId: z.string(), deviceId: z.string() })

export const ClaimViewSchema = named.extend({
  owner: named.describe('who has the machine: what this agent records of it counts'),
  because: z.string().describe('what both have in common: name, MAC, serial number or address'),
  claimedAt: time.describe('when this agent named the device first'),
  waiting: z
    .object({ records: z.number().int(), from: time, to: time })
    .optional()
    .describe(
      'records that count in no sum until the device is adopted or set apart: how many, the begin of the first and the end of the last',
    ),
})
export type ClaimView = z.infer<typeof ClaimViewSchema>

export const AdoptionViewSchema = z.object({
  id: z.string(),
  at: time,
  by: z.string(),
  reason: z.string(),
  kind: z
    .enum(['adopt', 'apart'])
    .describe('adopt: the devices moved to another agent; apart: they are machines of their own'),
  moves: z.array(
    z.object({ from: named, to: named, since: time.optional().describe('first minute of the new agent') }),
  ),
  done: z.boolean(),
})
export type AdoptionView = z.infer<typeof AdoptionViewSchema>
