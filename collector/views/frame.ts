import { z } from 'zod'
import { AlertViewSchema } from './alert.ts'
import { DeviceViewSchema, RackViewSchema } from './device.ts'
import { unix } from './fields.ts'
import { SiteViewSchema } from './site.ts'
import { WorkloadViewSchema } from './workload.ts'

/** Revenue per kWh of each workload in one bucket of the ledger; null where it used no energy. */
export const TrendSchema = z.object({
  startMs: z.array(unix),
  revenueUsdPerKwh: z.record(z.string(), z.array(z.number().nullable())),
  energyUsdPerKwh: z.array(z.number().nullable()),
})
export type Trend = z.infer<typeof TrendSchema>

/** One frame of the stream: everything the wall shows but the trend, which comes as its own event when a minute is settled. */
export const FrameSchema = z.object({
  site: SiteViewSchema,
  workloads: z.array(WorkloadViewSchema),
  racks: z.array(RackViewSchema),
  alerts: z.array(AlertViewSchema).describe('firing, dearest first'),
  worst: z.array(DeviceViewSchema).describe('devices that lose most now'),
})
export type Frame = z.infer<typeof FrameSchema>
