import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import type { Counters, Reading } from '../../../agent/plugin/reading.ts'
import type { Interval } from '../../../protocol/interval.ts'
import type { Owner } from '../../../protocol/owner.ts'

/** Readings for the accumulator's tests. */

export const T0 = Date.UTC(2026, 0, 1, 12, 0, 0)
export const POOL = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.rig1' }
export const FEE = { poolUrl: 'stratum+tcp://fee.example:3333', poolUser: 'fee', poolRole: 'devfee' }

export function reading(
  sample: Partial<Reading['sample']>,
  counters?: Counters,
  kind: 'asic' | 'gpu' = 'asic',
): Reading {
  return { identity: { kind }, sample: { state: 'ok', ...sample }, ...(counters ? { counters } : {}) }
}

/** Feeds readings at seconds after T0, and returns all records. */
export function run(steps: { atS: number; reading: Reading }[], maxGapS = 15): Interval[] {
  const a = new DeviceAccumulator('rig1', maxGapS * 1000)
  const records: Interval[] = []
  for (const s of steps) {
    a.observe(s.reading, { wallMs: T0 + s.atS * 1000, steadyMs: s.atS * 1000 })
    records.push(...a.close(T0 + s.atS * 1000))
  }
  return [...records, ...a.closeAll()]
}

export const sum = (
  records: Interval[],
  q: 'energyMilliJ' | 'workDiff1' | 'gpuMs' | 'coveredMs' | 'tokensOut',
  owner?: Owner,
) =>
  records
    .filter((r) => !owner || JSON.stringify(r.owner) === JSON.stringify(owner))
    .reduce((a, r) => a + (r[q] ?? 0), 0)
