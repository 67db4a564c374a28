import { restOfExtra } from '../../protocol/extra.ts'
import {
  INTERVAL_QUANTITIES,
  type Interval,
  type IntervalQuantity,
  intervalKey,
} from '../../protocol/interval.ts'
import { ownerKey } from '../../protocol/owner.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import {
  addAmount,
  addTo,
  dropBeyond,
  endRecovery,
  noteMetered,
  noteMost,
  type OverlapState,
  reduced,
  sumOf,
} from './open-amounts.ts'

/** Minutes of devices that a former life may have recorded, and which are gone. */
export interface Missing {
  records: number
  fromMs: number
  toMs: number
}

export interface Overlap {
  /** what is to be stored */
  records: Interval[]
  state: OverlapState
  /** true: something is missing, or records differ for the first time, so a loss tells of it */
  tells: boolean
  missing?: Missing
}

/** Records by device and minute, in their order. */
function byMinute(records: readonly Interval[]): Map<string, Interval[]> {
  const groups = new Map<string, Interval[]>()
  for (const record of records) {
    const key = keyOf(record.startMs, record.deviceId)
    const group = groups.get(key)
    if (group) group.push(record)
    else groups.set(key, [record])
  }
  return groups
}

const keyOf = (startMs: number, deviceId: string): string => `${minuteOf(startMs)}|${deviceId}`
const endOf = (r: Interval): number => r.startMs + r.durationMs

/**
 * Takes out of an agent's records what a former life of its spool has stored: what is stored of a device and a minute stays, and what
 * the present life has beyond the end of that is kept as a record of the rest of the minute. A counter's growth over the time between the
 * two lives counts what is stored a second time, so later records that come of it (`recovered`) are reduced by the difference: the sums of
 * counters stay exact.
 * @param stored the agent's records in the minutes of `records`
 */
export function withoutStored(
  records: readonly Interval[],
  stored: readonly Interval[],
  before: OverlapState,
): Overlap {
  const state = structuredClone(before)
  const storedBy = byMinute(stored)
  const kept: Interval[] = []
  const sum: Overlap = { records: kept, state, tells: false }
  let differs = false
  noteMetered(state, records)
  for (const [key, group] of byMinute(records)) {
    const there = sharing(storedBy.get(key) ?? [], group)
    const isCommon = there.length > 0 && (group[0] as Interval).startMs <= state.untilMs
    if (!group.some((r) => r.recovered)) endRecovery(state, (group[0] as Interval).deviceId)
    if (isCommon) differs = replace(kept, group, there, state) || differs
    else for (const record of group) kept.push(reduced(record, state))
    for (const record of group) {
      const isNewest = storedBy.has(keyOf(state.sinceMs ?? 0, record.deviceId))
      noteMissing(sum, record, isCommon, isNewest)
    }
  }
  sum.tells = sum.missing !== undefined || (differs && !state.told)
  if (sum.tells) state.told = true
  return sum
}

/** The stored records of a minute that share time with the sent ones: those before are of the past that both lives share. */
function sharing(stored: readonly Interval[], group: readonly Interval[]): readonly Interval[] {
  const fromMs = Math.min(...group.map((r) => r.startMs))
  const toMs = Math.max(...group.map(endOf))
  return stored.filter((r) => endOf(r) > fromMs && r.startMs < toMs)
}

/** Keeps of a minute's records what lies after the end of the stored ones. @returns whether any differs from the stored */
function replace(
  kept: Interval[],
  group: readonly Interval[],
  stored: readonly Interval[],
  state: OverlapState,
): boolean {
  const byKey = new Map(stored.map((r) => [intervalKey(r), r]))
  if (group.every((r) => isEqual(r, byKey.get(intervalKey(r))))) return false
  const { deviceId } = group[0] as Interval
  const isRecovered = group.some((r) => r.recovered)
  const open = isRecovered ? state.ahead : state.drift
  const device = open[deviceId] ?? {}
  open[deviceId] = device
  const endMs = Math.max(...stored.map(endOf))
  // several records of the present life may share one stored minute: it counts once
  const counted = state.counted[deviceId] ?? []
  const had = sumOf(stored.filter((r) => !counted.includes(r.startMs)))
  const sent = sumOf(group)
  // what the present life does not count it has no difference in
  for (const name of INTERVAL_QUANTITIES)
    if (sent[name] !== undefined) addAmount(device, name, had[name] ?? 0)
  const minuteMs = minuteOf((stored[0] as Interval).startMs)
  state.counted[deviceId] = [
    ...new Set([...counted.filter((startMs) => startMs >= minuteMs), ...stored.map((r) => r.startMs)]),
  ]
  if (isRecovered) state.last[deviceId] = sumOf(stored)
  noteMost(state, deviceId, [had, sent])
  for (const r of group) {
    addTo(device, r, -1)
    const sameOwner = stored.filter((s) => ownerKey(s.owner) === ownerKey(r.owner))
    const rest = restOf(r, sameOwner, endMs)
    if (!rest) continue
    addTo(device, rest, 1)
    kept.push(reduced(rest, state))
  }
  if (!isRecovered) dropBeyond(device, state.most[deviceId] ?? {})
  return true
}

/** The part of a record after the end of what is stored of its minute; undefined where nothing is left. */
function restOf(r: Interval, stored: readonly Interval[], fromMs: number): Interval | undefined {
  const durationMs = endOf(r) - fromMs
  if (durationMs <= 0) return undefined
  const left = (name: IntervalQuantity | 'coveredMs') =>
    Math.max(
      0,
      stored.reduce((sum, s) => sum - (s[name] ?? 0), r[name] ?? 0),
    )
  const rest: Interval = {
    ...r,
    startMs: fromMs,
    durationMs,
    coveredMs: Math.min(durationMs, left('coveredMs')),
  }
  for (const name of INTERVAL_QUANTITIES) if (r[name] !== undefined) rest[name] = left(name)
  if (r.extra)
    rest.extra = restOfExtra(
      r.extra,
      stored.map((s) => s.extra),
    )
  return rest
}

/** Counts the minutes of a device before the present life observed it for the first time. */
function noteMissing(sum: Overlap, record: Interval, isStored: boolean, isNewest: boolean): void {
  const { state } = sum
  const { sinceMs, beganMs, seen } = state
  if (isStored || record.recovered || sinceMs === undefined || record.startMs <= sinceMs) return
  if (seen.includes(record.deviceId)) return
  seen.push(record.deviceId)
  const fromMs = minuteOf(sinceMs) + (isNewest ? MINUTE_MS : 0)
  const toMs = minuteOf(Math.min(record.startMs, Math.max(beganMs, fromMs)))
  const records = Math.round((toMs - fromMs) / MINUTE_MS)
  if (records <= 0) return
  const { missing } = sum
  sum.missing = {
    records: (missing?.records ?? 0) + records,
    fromMs: Math.min(missing?.fromMs ?? fromMs, fromMs),
    toMs: Math.max(missing?.toMs ?? toMs, toMs),
  }
}

const isEqual = (a: Interval, b: Interval | undefined): boolean =>
  b !== undefined &&
  a.durationMs === b.durationMs &&
  a.coveredMs === b.coveredMs &&
  INTERVAL_QUANTITIES.every((name) => (a[name] ?? 0) === (b[name] ?? 0))
