import { monthsOf } from '../../collector/economics/calendar.ts'
import { attribution } from '../../collector/economics/energy/attribution.ts'
import type { SettleContext } from '../../collector/economics/settlement/settle.ts'
import {
  AttributionSchema,
  type AttributionSettings,
  type Costs,
  CostsSchema,
} from '../../collector/economics/site-settings.ts'
import type { Workload } from '../../collector/economics/workloads.ts'
import type { RulesText } from '../../collector/settling/pricing.ts'
import type { Device } from '../../protocol/device.ts'

export interface RulesOptions {
  workloads: readonly Workload[]
  siteMeter?: string
  attribution?: Partial<AttributionSettings>
  costs?: Partial<Costs>
  timeZone?: string
}

/** The rules of a configuration with these settings, and defaults for all others. */
export const rulesText = (o: RulesOptions): RulesText => ({
  workloads: [...o.workloads],
  siteMeter: o.siteMeter,
  attribution: { ...AttributionSchema.parse({}), ...o.attribution },
  costs: { ...CostsSchema.parse({}), ...o.costs },
  timeZone: o.timeZone ?? 'UTC',
})

/** The rules of a site of these devices, of one agent. */
export function siteRules(o: RulesOptions, devices: readonly Device[] = []): SettleContext {
  const find = (deviceId: string) => devices.find((d) => d.deviceId === deviceId)
  const { timeZone, ...text } = rulesText(o)
  return {
    ...text,
    attribute: attribution(text.workloads),
    monthOf: monthsOf(timeZone),
    find,
    all: () => devices,
    device: (_agent, deviceId) => find(deviceId),
  }
}
