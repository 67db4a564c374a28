import { isUnpaid } from '../economics/unpaid.ts'
import type { GroupBy } from '../plugin/store.ts'
import type { Pricing } from '../settling/pricing.ts'
import type { FigureGroup } from '../views/figures.ts'

/** By what the store groups for it: it knows neither customers nor kinds, which are the configuration's. */
export const storedGroup = (groupBy: FigureGroup): GroupBy =>
  groupBy === 'customer' || groupBy === 'kind' ? 'workload' : groupBy

/** The name under which a group of the store is asked for; '' is the customer of what nobody is a customer of. */
export function groupName(pricing: Pick<Pricing, 'workload'>, groupBy: FigureGroup, group: string): string {
  if (groupBy === 'customer') return pricing.workload(group)?.customer ?? ''
  if (groupBy === 'kind') return pricing.workload(group)?.kind ?? (isUnpaid(group) ? group : 'unknown')
  return group
}
