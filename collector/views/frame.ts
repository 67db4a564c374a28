import { z } from 'zod'
import { AlertViewSchema } from './alert.ts'
import { DeviceViewSchema, RackViewSchema } from './device.ts'
import { unix } from './fields.ts'
import { SiteViewSchema } from './site.ts'
import { WorkloadViewSchema } from './workload.ts'

/** Revenue per kWh of each workload by time, from the ledger; null without energy. */
export const TrendSchema = z.object({
  startMs: z.array(unix),
  revenueUsdPerKwh: z.record(z.string(), z.array(z.number().nullable())),
  energyUsdPerKwh: z.array(z.number().nullable()),
})
export type Trend = z.infer<typeof TrendSchema>

/** One frame of the stream: everything on the wall except the trend, which is an event of its own when a minute is settled. */
export const FrameSchema = z.object({
  site: SiteViewSchema,
  workloads: z.array(WorkloadViewSchema),
  racks: z.array(RackViewSchema),
  alerts: z.array(AlertViewSchema).describe('firing alerts, the largest loss first'),
  worst: z.array(DeviceViewSchema).describe('devices with the largest losses now'),
})
export type Frame = z.infer<typeof FrameSchema>
