import type { PowerBasis } from '../../protocol/sample.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import type { Store } from '../plugin/store.ts'
import type { Rules } from '../settling/pricing.ts'

/** Energy of samples by how it was known, mJ, by workload. */
export type BasisSums = Map<string, Map<PowerBasis | 'unknown', number>>

/**
 * Adds how one minute’s energy was known. The ledger does not keep it, and the records of a whole month are too many to read:
 * a minute here and there says it well enough.
 */
export async function sampleBasis(
  into: BasisSums,
  { store, devices }: { store: Pick<Store, 'intervals'>; devices: KnownDevices },
  minuteMs: number,
  { attribute }: Pick<Rules, 'attribute'>,
): Promise<void> {
  for (const interval of await store.intervals(minuteMs, minuteMs + MINUTE_MS)) {
    const { agentId, deviceId, owner, energyMilliJ = 0, powerBasis = 'unknown' } = interval
    const { name } = attribute(owner, devices.device(agentId, deviceId), minuteMs)
    const sums = into.get(name) ?? new Map<PowerBasis | 'unknown', number>()
    into.set(name, sums)
    if (energyMilliJ > 0) sums.set(powerBasis, (sums.get(powerBasis) ?? 0) + energyMilliJ)
  }
}

/** Of each basis its part of a workload’s energy, the largest first; absent where nothing was sampled. */
export function basisRatios(
  sums: BasisSums,
  workload: string,
): { basis: string; ratio: number }[] | undefined {
  const found = [...(sums.get(workload) ?? [])]
  const total = found.reduce((sum, [, milliJ]) => sum + milliJ, 0)
  if (total === 0) return undefined
  return found
    .map(([basis, milliJ]) => ({ basis, ratio: milliJ / total }))
    .sort((a, b) => b.ratio - a.ratio || (a.basis < b.basis ? -1 : 1))
}
