import type { PowerBasis } from '../../protocol/sample.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import type { Store } from '../plugin/store.ts'
import type { Rules } from '../settling/pricing.ts'

/** For each workload: sampled energy by power basis, mJ. */
export type BasisSums = Map<string, Map<PowerBasis | 'unknown', number>>

/**
 * Adds the energy of one minute by power basis. The ledger does not keep the basis, and a month has too many records to read them
 * all, so a few minutes are sampled.
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

/** The share of each power basis in a workload’s sampled energy, the largest first; undefined without samples. */
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
