import { z } from 'zod'
import { DEVICE_KINDS, LocationSchema } from '../../protocol/device.ts'
import { POWER_BASES, QUANTITIES, type Quantity, STATES } from '../../protocol/sample.ts'
import { usdPerH, usdPerKwh } from './fields.ts'

const RACK_CONDITIONS = ['normal', 'idle', 'stale', 'degraded', 'down'] as const
export const RackViewSchema = z.object({
  container: z.string(),
  rack: z.string(),
  devices: z.number().int(),
  /** devices that need a visit: faulty, unreachable, board lost, too hot */
  needHands: z.number().int(),
  condition: z
    .enum(RACK_CONDITIONS)
    .describe('degraded: some need hands; down: 25 % or more do; stale: no data; idle: nothing runs'),
  powerW: z.number(),
})
export type RackView = z.infer<typeof RackViewSchema>

const quantities = Object.fromEntries(QUANTITIES.map((q) => [q, z.number().optional()])) as Record<
  Quantity,
  z.ZodOptional<z.ZodNumber>
>
export const DeviceViewSchema = z.object({
  deviceId: z.string(),
  agentId: z.string(),
  kind: z.enum(DEVICE_KINDS),
  driver: z.string(),
  model: z.string().optional(),
  firmware: z.string().optional(),
  hardwareId: z.string().optional(),
  location: LocationSchema.optional(),
  expectedHashrateHs: z.number().optional(),
  ratedPowerW: z.number().optional(),
  meteredBy: z.string().optional(),
  simulated: z.boolean(),
  state: z.enum(STATES),
  stale: z
    .boolean()
    .describe('no sample for 3 polls of its agent: figures are the last known, and not in the totals'),
  ageS: z.number().optional().describe('s since the sample, by the collector’s clock'),
  powerBasis: z.enum(POWER_BASES).optional(),
  ...quantities,
  faults: z.array(z.string()).optional(),
  workloads: z
    .array(z.object({ workload: z.string(), share: z.number() }))
    .describe('whom it works for, parts of 1'),
  revenueUsdPerH: usdPerH,
  energyCostUsdPerH: usdPerH,
  netUsdPerH: usdPerH,
  revenueUsdPerKwh: usdPerKwh.optional(),
  efficiencyJPerTh: z.number().optional(),
})
export type DeviceView = z.infer<typeof DeviceViewSchema>
