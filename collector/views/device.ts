import { z } from 'zod'
import { DEVICE_KINDS, LocationSchema } from '../../protocol/device.ts'
import { POWER_BASES, QUANTITIES, type Quantity, STATES } from '../../protocol/sample.ts'
import { stale, unix, usdPerH, usdPerKwh } from './fields.ts'

const RACK_CONDITIONS = ['normal', 'idle', 'stale', 'degraded', 'down'] as const
/** A rack, with its machines that need a visit. */
export const RackViewSchema = z.object({
  container: z.string(),
  rack: z.string(),
  devices: z.number().int(),
  needHands: z
    .number()
    .int()
    .describe('devices that need a visit: faulty, unreachable, or with an alert such as a lost hashboard'),
  condition: z
    .enum(RACK_CONDITIONS)
    .describe(
      'degraded: some devices need a visit; down: at least two do, and 25 % or more; stale: more than half sent no data; idle: nothing runs',
    ),
  powerW: z.number(),
  stale,
})
export type RackView = z.infer<typeof RackViewSchema>

const quantities = Object.fromEntries(QUANTITIES.map((q) => [q, z.number().optional()])) as Record<
  Quantity,
  z.ZodOptional<z.ZodNumber>
>
/** A device with its newest sample and its earnings now. */
export const DeviceViewSchema = z.object({
  deviceId: z.string(),
  agentId: z.string(),
  kind: z.enum(DEVICE_KINDS),
  driver: z.string(),
  model: z.string().optional(),
  firmware: z.string().optional(),
  hardwareId: z.string().optional(),
  mac: z.string().optional(),
  address: z.string().optional().describe('where its agent reaches it'),
  computer: z.string().optional().describe('the computer that it is, or is a part of'),
  hostname: z.string().optional(),
  measures: z.enum(['machine', 'part']).optional(),
  location: LocationSchema.optional(),
  expectedHashrateHs: z.number().optional(),
  ratedPowerW: z.number().optional(),
  meteredBy: z.string().optional(),
  simulated: z.boolean(),
  state: z.enum(STATES),
  stale: z
    .boolean()
    .describe(
      'true after 3 polls without a sample: the figures are the last known ones, of heardMs, and left out of the totals',
    ),
  heardMs: unix.optional().describe('when its sample came, Unix ms; absent: not since the start'),
  ageS: z.number().optional().describe('age of the sample by the collector’s clock, s'),
  powerBasis: z.enum(POWER_BASES).optional(),
  ...quantities,
  faults: z.array(z.string()).optional(),
  claim: z
    .object({ agentId: z.string(), deviceId: z.string(), because: z.string() })
    .optional()
    .describe(
      'the machine belongs to another agent: who has it, and what both have in common. Its figures are shown, and are in no total',
    ),
  workloads: z
    .array(z.object({ workload: z.string(), share: z.number() }))
    .describe('workloads that the device works for; the shares are parts of 1'),
  revenueUsdPerH: usdPerH.optional(),
  energyCostUsdPerH: usdPerH.optional(),
  netUsdPerH: usdPerH.optional(),
  revenueUsdPerKwh: usdPerKwh.optional(),
  efficiencyJPerTh: z.number().optional().describe('J/TH'),
})
export type DeviceView = z.infer<typeof DeviceViewSchema>
