import { type AgentInterval, LEDGER_SUMS } from '../../collector/economics/ledger-row.ts'
import type { LedgerBucket } from '../../collector/plugin/store.ts'
import { type Interval, intervalKey } from '../../protocol/interval.ts'
import { ownerKey } from '../../protocol/owner.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { Check } from './check.ts'
import { recordText } from './closed-records.ts'
import type { Evidence } from './evidence.ts'
import { HOSTILE_NAME } from './hostile.ts'
import { lostQuantities, UnreadGrowth } from './missing-counts.ts'

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

/**
 * The store holds every record that an agent closed, unchanged and once, and no other record. Two lives of a spool record the same time, and
 * of such an agent each time is there once. What a database lost is not missed here: check (f) counts it.
 */
export function exactlyOnce(evidence: Evidence): Check {
  const { stored, closed, suffered } = evidence
  const problems: string[] = []
  let closedRecords = 0
  let unseen = 0
  let inMemory = 0
  let gone = 0
  const byAgent = groupBy(stored.intervals, (i) => i.agentId)
  for (const [agent, records] of closed) {
    const found = groupBy(byAgent.get(agent) ?? [], intervalKey)
    byAgent.delete(agent)
    closedRecords += records.byKey.size
    unseen += records.unseen
    for (const [key, copies] of found)
      if (copies.length > 1) problems.push(`${agent}: ${key} is in the store ${copies.length} times`)
    if (suffered.copied.has(agent)) {
      // a clock that was a little wrong gave the same time to two minutes
      const wasRight = (evidence.clocks.get(agent) ?? []).every(({ offsetMs }) => offsetMs === 0)
      if (wasRight) problems.push(...doubleTimes(agent, [...found.values()].flat()))
      continue
    }
    problems.push(...[...records.contradictions].map((c) => `${agent}: ${c}`))
    for (const [key, record] of records.byKey) {
      const [copy] = found.get(key) ?? []
      if (!copy && records.inMemoryOnly.has(key)) inMemory++
      else if (!copy && suffered.emptied) gone++
      else if (!copy) problems.push(`${agent}: ${key} was closed and is not in the store`)
      else if (recordText(withoutAgent(copy)) !== recordText(asStored(record)))
        problems.push(
          `${agent}: ${key} is in the store as ${recordText(withoutAgent(copy))}, not ${recordText(asStored(record))}`,
        )
    }
    const extra = [...found.keys()].filter((key) => !records.byKey.has(key)).length
    if (suffered.emptied ? extra > records.unseen : extra !== records.unseen)
      problems.push(
        `${agent}: ${records.unseen} numbers belong to records that were not seen, and the store has ${extra} such records`,
      )
  }
  for (const [agent, records] of byAgent)
    if (agent !== HOSTILE_NAME) problems.push(`${records.length} records of ${agent}, which never closed one`)
  const aside = stored.quarantined.filter((q) => q.agentId !== HOSTILE_NAME && !evidence.isForged(q))
  for (const q of aside.slice(0, 5)) problems.push(`quarantined: ${q.agentId} ${q.reason}`)
  return {
    id: 'a',
    title: 'every record that an agent closed is in the store exactly once',
    figures: `${stored.intervals.length} stored, ${closedRecords} seen closed, ${unseen} closed unseen, ${inMemory} lost that no disk took${gone > 0 ? `, ${gone} that the database lost` : ''}`,
    problems,
  }
}

/** A device is observed in no minute for longer than a minute. */
function doubleTimes(agent: string, records: readonly AgentInterval[]): string[] {
  const covered = new Map<string, number>()
  for (const { deviceId, owner, startMs, coveredMs } of records) {
    const key = `${deviceId} at ${new Date(minuteOf(startMs)).toISOString()} for ${ownerKey(owner)}`
    covered.set(key, (covered.get(key) ?? 0) + coveredMs)
  }
  return [...covered]
    .filter(([, ms]) => ms > MINUTE_MS)
    .map(([key, ms]) => `${agent}: ${key}: ${ms} ms are covered in a minute`)
}

const withoutAgent = ({ agentId: _, ...record }: AgentInterval) => record
/** The size of a share is for the check at intake alone: no store keeps it. */
const asStored = ({ shareDiff1: _, ...record }: Interval) => record

/** The devices' own counters against the quantities in the ledger, and in the records that a database lost. */
export function countedTruth(evidence: Evidence): Check {
  const { stored, truth, meter, aheadMilliJ } = evidence
  const last = truth.at(-1)
  const gone = lostQuantities(evidence)
  const unread = new UnreadGrowth(evidence)
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
      const got = booked - ahead + (gone.of(deviceId)?.[quantity] ?? 0)
      const { least, most } = unread.range(deviceId, quantity, expected)
      if (last?.forgetful.includes(deviceId) || gone.isUnsure(deviceId) || least < expected) {
        below++
        if (got > most) problems.push(`${deviceId}: ${quantity} ${got}, but it never did more than ${most}`)
        const isBound = !last?.forgetful.includes(deviceId) && !gone.isUnsure(deviceId)
        if (isBound && got < least)
          problems.push(`${deviceId}: ${quantity} ${got}, but ${least} to ${most} were read`)
        continue
      }
      if (ahead > mostAhead)
        problems.push(`${deviceId}: ${ahead} mJ booked ahead of its counter, at most ${mostAhead} can be`)
      compared++
      worst = Math.max(worst, Math.abs(got - expected))
      if (got !== expected)
        problems.push(`${deviceId}: ${quantity} ${got}, truth ${expected} (${got - expected})`)
    }
  const isBounded = evidence.suffered.emptied || evidence.suffered.resets.length > 0
  if (compared === 0 && !(isBounded && below > 0)) problems.push('nothing was compared')
  return {
    id: 'b',
    title: 'what devices counted is in the ledger to the unit',
    figures: `${compared} counters, largest difference ${worst}${aheadMilliJ.size > 0 ? `, ${sum(aheadMilliJ.values())} mJ booked ahead of counters that stood still at the end` : ''}${below > 0 ? `, ${below} of machines that lost their counters, or whose records the database lost, within their bounds` : ''}`,
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
