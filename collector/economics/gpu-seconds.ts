import type { Device } from '../../protocol/device.ts'
import { ownerKey } from '../../protocol/owner.ts'
import type { AgentInterval } from './ledger-row.ts'

/** Where a device stands: what it is, and what it has in common with other devices of its machine. */
export interface Standing {
  kind: Device['kind']
  keys: readonly string[]
}

/** Of one agent's devices of one machine, the smallest piece goes first. */
const RANK: readonly Device['kind'][] = ['gpu', 'host', 'service']

/** The GPU time of a device's records in the minute. */
interface Told {
  records: AgentInterval[]
  standing: Standing
}

type Time = 'gpuMs' | 'busyGpuMs'

/**
 * A minute's records, in their order, each GPU-second told once by its agent: a host tells the time of its GPUs as a whole, and keeps what is left
 * beside the GPUs that are read on their own; a service on it keeps what is left beside both. Together they have what the largest of them
 * tells. Records of different agents are not compared.
 * @param standingOf undefined for a device that is not known
 */
export function toldOnce(
  records: readonly AgentInterval[],
  standingOf: (agentId: string, deviceId: string) => Standing | undefined,
): readonly AgentInterval[] {
  const devices = devicesOf(records, standingOf)
  if (!devices.some(({ standing }) => standing.kind !== 'gpu')) return records
  const changed = new Map<AgentInterval, AgentInterval>()
  const byKey = new Map<string, Set<Told>>()
  for (const told of devices) {
    const before = new Set<Told>()
    const [{ agentId } = { agentId: '' }] = told.records
    for (const key of told.standing.keys) {
      const place = `${agentId}\n${key}`
      const there = byKey.get(place) ?? new Set()
      for (const other of there) before.add(other)
      byKey.set(place, there.add(told))
    }
    if (told.standing.kind === 'gpu' || before.size === 0) continue
    const earlier = [...before].flatMap((other) => other.records)
    for (const time of ['gpuMs', 'busyGpuMs'] as const)
      told.records = less(told.records, earlier, time, changed)
  }
  return changed.size === 0 ? records : records.map((record) => changed.get(record) ?? record)
}

function devicesOf(
  records: readonly AgentInterval[],
  standingOf: (agentId: string, deviceId: string) => Standing | undefined,
): Told[] {
  const devices = new Map<string, Told>()
  for (const record of records) {
    const { agentId, deviceId, gpuMs = 0, busyGpuMs = 0 } = record
    if (gpuMs === 0 && busyGpuMs === 0) continue
    const name = `${agentId}\n${deviceId}`
    const known = devices.get(name)
    if (known) known.records.push(record)
    else {
      const standing = standingOf(agentId, deviceId)
      if (standing) devices.set(name, { records: [record], standing })
    }
  }
  const rank = ({ standing }: Told) => RANK.indexOf(standing.kind)
  return [...devices]
    .sort(([a, x], [b, y]) => rank(x) - rank(y) || (a < b ? -1 : 1))
    .map(([, told]) => told)
    .filter((told) => rank(told) >= 0)
}

/** The records less what earlier ones tell: first of the same owner, then of the others. */
function less(
  records: readonly AgentInterval[],
  earlier: readonly AgentInterval[],
  time: Time,
  changed: Map<AgentInterval, AgentInterval>,
): AgentInterval[] {
  const owed = new Map<string, number>()
  for (const { owner, [time]: ms = 0 } of earlier)
    owed.set(ownerKey(owner), (owed.get(ownerKey(owner)) ?? 0) + ms)
  const left = records.map((record) => {
    const key = ownerKey(record.owner)
    const own = record[time] ?? 0
    const taken = Math.min(own, owed.get(key) ?? 0)
    owed.set(key, (owed.get(key) ?? 0) - taken)
    return own - taken
  })
  let rest = [...owed.values()].reduce((sum, ms) => sum + ms, 0)
  return records.map((record, i) => {
    const own = left[i] as number
    const taken = Math.min(own, rest)
    rest -= taken
    if (own - taken === (record[time] ?? 0)) return record
    const others = (record.othersGpuMs ?? 0) + (record[time] ?? 0) - (own - taken)
    const reduced = { ...record, [time]: own - taken, ...(time === 'gpuMs' && { othersGpuMs: others }) }
    // a record that was reduced before stands for the one that came in
    const first = [...changed].find(([, now]) => now === record)?.[0] ?? record
    changed.set(first, reduced)
    return reduced
  })
}
