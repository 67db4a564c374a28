import type { WorkloadView } from '../../../../views/workload.ts'

/** Power and earnings of a group of workloads now. */
export type LiveEarning = Pick<
  WorkloadView,
  'powerW' | 'revenueUsdPerH' | 'energyCostUsdPerH' | 'demandUsdPerH' | 'devices'
>

const SUMMED = ['powerW', 'revenueUsdPerH', 'energyCostUsdPerH', 'demandUsdPerH', 'devices'] as const

/** Live figures by workload or kind. A device that works for two workloads of a kind counts twice. */
export function liveGroups(
  workloads: readonly WorkloadView[],
  by: 'workload' | 'kind',
): Map<string, LiveEarning> {
  const groups = new Map<string, LiveEarning>()
  for (const w of workloads) {
    const group = groups.get(w[by])
    const sum = { ...w }
    for (const key of SUMMED) sum[key] += group?.[key] ?? 0
    groups.set(w[by], sum)
  }
  return groups
}
