import { type AgentInterval, LEDGER_SUMS } from '../../collector/economics/ledger-row.ts'
import type { LedgerBucket } from '../../collector/plugin/store.ts'
import { type Interval, intervalKey } from '../../protocol/interval.ts'
import { minuteOf } from '../../protocol/units.ts'
import { recordText } from './closed-records.ts'
import type { Evidence } from './evidence.ts'

export interface Check {
  id: 'a' | 'b' | 'c' | 'd' | 'e'
  /** the property that is checked */
  title: string
  /** the measured figures, in one line */
  figures: string
  /** violations; empty where the property holds */
  problems: string[]
}

/** Items grouped by a key, in their order. */
export const groupBy = <T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group) group.push(item)
    else groups.set(key(item), [item])
  }
  return groups
}
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0)

/** The store holds every record that an agent closed, unchanged and once, and no other record. */
export function exactlyOnce({ stored, closed }: Evidence): Check {
  const problems: string[] = []
  let closedRecords = 0
  let unseen = 0
  let inMemory = 0
  const byAgent = groupBy(stored.intervals, (i) => i.agentId)
  for (const [agent, records] of closed) {
    const found = groupBy(byAgent.get(agent) ?? [], intervalKey)
    byAgent.delete(agent)
    closedRecords += records.byKey.size
    unseen += records.unseen
    problems.push(...[...records.contradictions].map((c) => `${agent}: ${c}`))
    for (const [key, copies] of found)
      if (copies.length > 1) problems.push(`${agent}: ${key} is in the store ${copies.length} times`)
    for (const [key, record] of records.byKey) {
      const [copy] = found.get(key) ?? []
      if (!copy && records.inMemoryOnly.has(key)) inMemory++
      else if (!copy) problems.push(`${agent}: ${key} was closed and is not in the store`)
      else if (recordText(withoutAgent(copy)) !== recordText(asStored(record)))
        problems.push(
          `${agent}: ${key} is in the store as ${recordText(withoutAgent(copy))}, not ${recordText(asStored(record))}`,
        )
    }
    const extra = [...found.keys()].filter((key) => !records.byKey.has(key)).length
    if (extra !== records.unseen)
      problems.push(
        `${agent}: ${records.unseen} numbers belong to records that were not seen, and the store has ${extra} such records`,
      )
  }
  for (const [agent, records] of byAgent)
    problems.push(`${records.length} records of ${agent}, which never closed one`)
  for (const q of stored.quarantined.slice(0, 5)) problems.push(`quarantined: ${q.agentId} ${q.reason}`)
  return {
    id: 'a',
    title: 'every record that an agent closed is in the store exactly once',
    figures: `${stored.intervals.length} stored, ${closedRecords} seen closed, ${unseen} closed unseen, ${inMemory} lost that no disk took`,
    problems,
  }
}

const withoutAgent = ({ agentId: _, ...record }: AgentInterval) => record
/** The size of a share is for the check at intake alone: no store keeps it. */
const asStored = ({ shareDiff1: _, ...record }: Interval) => record

/** The devices' own counters against the quantities in the ledger. */
export function countedTruth({ stored, truth, meter, aheadMilliJ }: Evidence): Check {
  const last = truth.at(-1)
  const problems: string[] = []
  let worst = 0
  let compared = 0
  let below = 0
  const mostAhead = drawnWhileItStood(truth)
  const rows = groupBy(stored.byDevice, (b) => b.group)
  const intervals = groupBy(stored.intervals, (i) => i.deviceId)
  for (const [deviceId, counted] of Object.entries(last?.counted ?? {}))
    for (const [quantity, expected] of Object.entries(counted) as [keyof typeof counted, number][]) {
      // the meter's own row holds the rest after all devices; check (d) compares the rows with the meter's records
      const booked =
        deviceId === meter
          ? sum((intervals.get(deviceId) ?? []).map((i) => i[quantity] ?? 0))
          : sum((rows.get(deviceId) ?? []).map((b) => b[quantity]))
      const ahead = quantity === 'energyMilliJ' ? (aheadMilliJ.get(deviceId) ?? 0) : 0
      const got = booked - ahead
      if (last?.forgetful.includes(deviceId)) {
        below++
        if (got > expected)
          problems.push(`${deviceId}: ${quantity} ${got}, but it never did more than ${expected}`)
        continue
      }
      if (ahead > mostAhead)
        problems.push(`${deviceId}: ${ahead} mJ booked ahead of its counter, at most ${mostAhead} can be`)
      compared++
      worst = Math.max(worst, Math.abs(got - expected))
      if (got !== expected)
        problems.push(`${deviceId}: ${quantity} ${got}, truth ${expected} (${got - expected})`)
    }
  if (compared === 0) problems.push('nothing was compared')
  return {
    id: 'b',
    title: 'what devices counted is in the ledger to the unit',
    figures: `${compared} counters, largest difference ${worst}${aheadMilliJ.size > 0 ? `, ${sum(aheadMilliJ.values())} mJ booked ahead of counters that stood still at the end` : ''}${below > 0 ? `, ${below} of machines that rebooted not above the truth` : ''}`,
    problems,
  }
}

/** mJ that the whole site would have drawn at twice its mean power while the world stood still at the end. */
function drawnWhileItStood(truth: Evidence['truth']): number {
  const last = truth.at(-1)
  const moved = truth.findLast((t) => !t.paused)
  if (!last || !moved) return 0
  return ((2 * last.siteEnergyJ) / last.elapsedS) * (last.atMs - moved.atMs)
}

const IS_PDU = /^pdu-\d+\//

/** In every minute, workloads, idle and overhead add up to the meter to the millijoule. */
export function balance({ stored, meter }: Evidence): Check {
  const problems = stored.unsettledMinutes.map((m) => `${new Date(m).toISOString()} was never settled`)
  const metered = new Map<number, number>()
  const devices = new Map<number, number>()
  /** minutes in which both a PDU and its hosts report: without the site's meter their sum counts that energy twice */
  const twice = new Set<number>()
  for (const i of stored.intervals) {
    if (IS_PDU.test(i.deviceId)) twice.add(minuteOf(i.startMs))
    const into = i.deviceId === meter ? metered : devices
    const minute = minuteOf(i.startMs)
    if (i.energyMilliJ !== undefined) into.set(minute, (into.get(minute) ?? 0) + i.energyMilliJ)
  }
  const minutes = groupBy(stored.byWorkload, (b) => String(b.startMs))
  const byDevice = groupBy(stored.byDevice, (b) => String(b.startMs))
  let worst = 0
  for (const minute of new Set([...metered.keys(), ...devices.keys(), ...[...minutes.keys()].map(Number)])) {
    const workloads = minutes.get(String(minute)) ?? []
    const got = sum(workloads.map((b) => b.energyMilliJ))
    const expected = metered.get(minute) ?? (twice.has(minute) ? got : (devices.get(minute) ?? 0))
    worst = Math.max(worst, Math.abs(got - expected))
    const at = new Date(minute).toISOString()
    if (got !== expected) problems.push(`${at}: the ledger has ${got} mJ, the meter ${expected}`)
    for (const name of LEDGER_SUMS) {
      const other = sum((byDevice.get(String(minute)) ?? []).map((b) => b[name]))
      if (other !== sum(workloads.map((b) => b[name])))
        problems.push(`${at}: ${name} by device is ${other}, by workload something else`)
    }
  }
  if (metered.size === 0) problems.push('the meter has no record at all')
  const shares = [...groupBy(stored.byWorkload, (b) => b.group)]
    .map(([name, buckets]) => `${name} ${kwh(buckets)}`)
    .join(' + ')
  return {
    id: 'd',
    title: 'tenants + idle + overhead = meter, minute by minute',
    figures: `${minutes.size} minutes, ${metered.size} with the meter, largest difference ${worst} mJ; kWh: ${shares} = ${kwh(stored.byWorkload)}`,
    problems,
  }
}

const kwh = (buckets: readonly LedgerBucket[]): string =>
  (sum(buckets.map((b) => b.energyMilliJ)) / 3.6e9).toFixed(4)
