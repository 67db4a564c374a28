import type { WorkloadView } from '../../../../views/workload.ts'

/** Power and earnings of a group of workloads now. */
export type LiveEarning = Pick<
  WorkloadView,
  'powerW' | 'revenueUsdPerH' | 'energyCostUsdPerH' | 'demandUsdPerH' | 'devices' | 'stale'
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
    // of a group of which a part is heard, the sum is no last known one
    if (group && !(group.stale?.whole && sum.stale?.whole)) delete sum.stale
    groups.set(w[by], sum)
  }
  return groups
}
