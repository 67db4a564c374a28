import { isUnpaid } from '../economics/unpaid.ts'
import type { GroupBy } from '../plugin/store.ts'
import type { Pricing } from '../settling/pricing.ts'
import type { FigureGroup } from '../views/figures.ts'

/** What the store groups by: customers and kinds are in the configuration, so it groups by workload for them. */
export const storedGroup = (groupBy: FigureGroup): GroupBy =>
  groupBy === 'customer' || groupBy === 'kind' ? 'workload' : groupBy

/** The name of a stored group under `groupBy`; '' for workloads without a customer. */
export function groupName(pricing: Pick<Pricing, 'workload'>, groupBy: FigureGroup, group: string): string {
  if (groupBy === 'customer') return pricing.workload(group)?.customer ?? ''
  if (groupBy === 'kind') return pricing.workload(group)?.kind ?? (isUnpaid(group) ? group : 'unknown')
  return group
}
