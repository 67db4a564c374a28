import {
  INTERVAL_QUANTITIES,
  type Interval,
  type IntervalQuantity,
  intervalKey,
} from '../../protocol/interval.ts'
import { ownerKey } from '../../protocol/owner.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'

/** What counters count. Times are not: no minute of a GPU is longer than it is. */
const COUNTED = INTERVAL_QUANTITIES.filter((name) => name !== 'gpuMs' && name !== 'busyGpuMs')

type Amounts = Partial<Record<IntervalQuantity, number>>

/**
 * What is open after an agent's spool went back, or was exchanged: two of its lives recorded one time. Kept as JSON with the mark, so its
 * property names are an on-disk format.
 */
export interface OverlapState {
  kind: 'went-back' | 'another-spool'
  /** start of the newest record that the earlier life had stored, Unix ms; absent: not known */
  sinceMs?: number
  /** when the present life began; the earlier one recorded nothing later */
  beganMs: number
  /** records that start after this are the present life's alone, Unix ms */
  untilMs: number
  /** by device: what is stored of the common time, less the growth of counters that the present life recovered of it */
  ahead: Record<string, Amounts>
  /** by device: what is stored of minutes that both lives observed, less what the present life saw: they read at other moments */
  drift: Record<string, Amounts>
  /** by device: what is stored of the last minute of which the present life recovered a part */
  last: Record<string, Amounts>
  /** by device: starts of the stored records of the newest common minute, Unix ms: they are in the sums above */
  counted: Record<string, number[]>
  /** devices that the present life has observed, so that the end of their gap is known */
  seen: string[]
  /** whether a loss has told of it */
  told?: true
  /** sequence number up to which it stands */
  seq?: number
}

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
    const key = `${minuteOf(record.startMs)}|${record.deviceId}`
    const group = groups.get(key)
    if (group) group.push(record)
    else groups.set(key, [record])
  }
  return groups
}

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
  for (const [key, group] of byMinute(records)) {
    const there = sharing(storedBy.get(key) ?? [], group)
    const isCommon = there.length > 0 && (group[0] as Interval).startMs <= state.untilMs
    if (!group.some((r) => r.recovered)) endRecovery(state, (group[0] as Interval).deviceId)
    if (isCommon) differs = replace(kept, group, there, state) || differs
    else for (const record of group) kept.push(reduced(record, state))
    for (const record of group) noteMissing(sum, record, isCommon)
  }
  sum.tells = sum.missing !== undefined || (differs && !state.told)
  if (sum.tells) state.told = true
  return sum
}

/**
 * The present life has observed the device again. What is left open of its counters' growth is what the two lives saw of the last minute at
 * other moments; where it is more than that minute has, a counter began again, and what is stored was no part of the growth.
 */
function endRecovery({ ahead, drift, last }: OverlapState, deviceId: string): void {
  const left = ahead[deviceId]
  if (!left) return
  const device = drift[deviceId] ?? {}
  for (const name of COUNTED) {
    const amount = left[name] ?? 0
    if (amount !== 0 && Math.abs(amount) <= (last[deviceId]?.[name] ?? 0))
      device[name] = (device[name] ?? 0) + amount
  }
  drift[deviceId] = device
  delete ahead[deviceId]
  delete last[deviceId]
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
  for (const r of stored) if (!counted.includes(r.startMs)) addTo(device, r, 1)
  const minuteMs = minuteOf((stored[0] as Interval).startMs)
  state.counted[deviceId] = [
    ...new Set([...counted.filter((startMs) => startMs >= minuteMs), ...stored.map((r) => r.startMs)]),
  ]
  if (isRecovered) {
    state.last[deviceId] = {}
    for (const r of stored) addTo(state.last[deviceId], r, 1)
  }
  for (const r of group) {
    addTo(device, r, -1)
    const sameOwner = stored.filter((s) => ownerKey(s.owner) === ownerKey(r.owner))
    const rest = restOf(r, sameOwner, endMs)
    if (!rest) continue
    addTo(device, rest, 1)
    kept.push(reduced(rest, state))
  }
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
  return rest
}

/** A record without what is stored already of its counters' growth. */
function reduced(record: Interval, { ahead, drift }: OverlapState): Interval {
  const less = { ...record }
  if (record.recovered) takeFrom(less, ahead[record.deviceId], INTERVAL_QUANTITIES)
  takeFrom(less, drift[record.deviceId], COUNTED)
  return less
}

/** Takes what is open from the record's amounts, as far as they go; adds it where it is negative. */
function takeFrom(record: Interval, open: Amounts | undefined, names: readonly IntervalQuantity[]): void {
  if (!open) return
  for (const name of names) {
    const amount = record[name]
    const left = open[name] ?? 0
    if (amount === undefined || left === 0) continue
    const taken = Math.min(amount, left)
    record[name] = amount - taken
    open[name] = left - taken
  }
}

/** Counts the minutes of a device before the present life observed it for the first time. */
function noteMissing(sum: Overlap, record: Interval, isStored: boolean): void {
  const { state } = sum
  const { sinceMs, beganMs, seen } = state
  if (isStored || record.recovered || sinceMs === undefined || record.startMs <= sinceMs) return
  if (seen.includes(record.deviceId)) return
  seen.push(record.deviceId)
  const fromMs = minuteOf(sinceMs) + MINUTE_MS
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

function addTo(amounts: Amounts, r: Interval, sign: 1 | -1): void {
  for (const name of INTERVAL_QUANTITIES) {
    const amount = r[name]
    if (amount) amounts[name] = (amounts[name] ?? 0) + sign * amount
  }
}
