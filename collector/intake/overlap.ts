import { restOfExtra } from '../../protocol/extra.ts'
import { INTERVAL_QUANTITIES, type Interval, intervalKey } from '../../protocol/interval.ts'
import { ownerKey } from '../../protocol/owner.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import {
  book,
  deviceOf,
  endOf,
  forgetBegunAgain,
  type LifeAccount,
  noteMetered,
  partOf,
  readStored,
} from './life-account.ts'

/** An agent stops and starts within this. */
const RESTART_MS = 5_000

/** Minutes of devices that a former life may have recorded, and which are gone. */
export interface Missing {
  records: number
  fromMs: number
  toMs: number
}

export interface Overlap {
  /** what is to be stored */
  records: Interval[]
  account: LifeAccount
  /** true: something is missing, or records differ for the first time, so a loss tells of it */
  tells: boolean
  missing?: Missing
}

/** Records by device and minute, in their order. */
function byMinute(records: readonly Interval[]): Map<string, [Interval, ...Interval[]]> {
  const groups = new Map<string, [Interval, ...Interval[]]>()
  for (const record of records) {
    const key = `${minuteOf(record.startMs)}|${record.deviceId}`
    const group = groups.get(key)
    if (group) group.push(record)
    else groups.set(key, [record])
  }
  return groups
}

function byDevice(records: readonly Interval[]): Map<string, Interval[]> {
  const groups = new Map<string, Interval[]>()
  for (const record of records) {
    const group = groups.get(record.deviceId)
    if (group) group.push(record)
    else groups.set(record.deviceId, [record])
  }
  return groups
}

/**
 * Takes out of an agent's records what other lives of its spool have stored. The time of a stored record stays its own: of a record
 * that shares it, what is left after it is kept. What counters grew by is kept as far as the stored records lack it (`life-account.ts`),
 * wherever in time each life booked it: so the sums of counters stay exact.
 * @param stored the agent's records in the minutes of `records` and, where times tell the life's place, back to where it was last
 */
export function withoutStored(
  records: readonly Interval[],
  stored: readonly Interval[],
  before: LifeAccount,
): Overlap {
  const account = structuredClone(before)
  const storedOf = byDevice(stored)
  const sum: Overlap = { records: [], account, tells: false }
  let differs = false
  noteMetered(account, records)
  for (const group of byMinute(records).values()) {
    const [{ deviceId, startMs }] = group
    const device = deviceOf(account, deviceId)
    const fromMs = Math.min(...group.map((r) => r.startMs))
    const own = storedOf.get(deviceId) ?? []
    if (account.byTime)
      readStored(device, own, {
        fromMs,
        toMs: minuteOf(startMs) + MINUTE_MS,
        fresh: account.fresh && group,
      })
    const toMs = Math.max(...group.map(endOf))
    const there = startMs <= account.untilMs ? own.filter((r) => endOf(r) > fromMs && r.startMs < toMs) : []
    if (!group.some((r) => r.recovered)) forgetBegunAgain(device, group)
    const kept: Interval[] = []
    for (const record of group) {
      const rest = restOf(record, there, kept)
      book(device, record, rest)
      if (rest) kept.push(rest)
      const isNewest = own.some((r) => minuteOf(r.startMs) === minuteOf(account.sinceMs ?? 0))
      noteMissing(sum, record, there.length > 0, isNewest)
    }
    sum.records.push(...kept)
    differs ||= there.length > 0 && !areSame(group, there)
  }
  sum.tells = sum.missing !== undefined || (differs && !account.told)
  if (sum.tells) account.told = true
  return sum
}

/**
 * The part of a record after the end of those that share its time; undefined where nothing is left.
 * @param kept what is kept of the same minute: no two records of an owner may begin at once
 */
function restOf(r: Interval, stored: readonly Interval[], kept: readonly Interval[]): Interval | undefined {
  const shares = (s: Interval) => endOf(s) > r.startMs && s.startMs < endOf(r)
  const isSame = (s: Interval) => ownerKey(s.owner) === ownerKey(r.owner)
  const sharing = stored.filter(shares)
  const taken = [...sharing, ...kept.filter((s) => shares(s) && isSame(s))]
  const fromMs = Math.max(r.startMs, ...taken.map(endOf))
  const durationMs = endOf(r) - fromMs
  if (durationMs <= 0) return undefined
  const same = sharing.filter(isSame).flatMap((s) => partOf(s, r.startMs, endOf(r)) ?? [])
  const rest: Interval = { ...r, startMs: fromMs, durationMs }
  for (const name of ['coveredMs', ...INTERVAL_QUANTITIES] as const)
    if (r[name] !== undefined)
      rest[name] = Math.max(
        0,
        same.reduce((left, s) => left - (s[name] ?? 0), r[name]),
      )
  rest.coveredMs = Math.min(durationMs, rest.coveredMs)
  if (r.extra)
    rest.extra = restOfExtra(
      r.extra,
      same.map((s) => s.extra),
    )
  return rest
}

/** Counts the minutes of a device before the present life observed it for the first time. */
function noteMissing(sum: Overlap, record: Interval, isStored: boolean, isNewest: boolean): void {
  const { account } = sum
  const { sinceMs, beganMs, seen } = account
  if (isStored || record.recovered || sinceMs === undefined || record.startMs <= sinceMs) return
  if (seen.includes(record.deviceId)) return
  seen.push(record.deviceId)
  const fromMs = minuteOf(sinceMs) + (isNewest ? MINUTE_MS : 0)
  const endMs = Math.min(record.startMs, Math.max(beganMs, fromMs))
  // the minute in which the present life began has a record of the earlier one too, unless that is the time that a restart takes
  const isPart = endMs - minuteOf(endMs) >= RESTART_MS
  const toMs = isPart ? endMs : minuteOf(endMs)
  const records = Math.ceil((toMs - fromMs) / MINUTE_MS)
  if (records <= 0) return
  const { missing } = sum
  sum.missing = {
    records: (missing?.records ?? 0) + records,
    fromMs: Math.min(missing?.fromMs ?? fromMs, fromMs),
    toMs: Math.max(missing?.toMs ?? toMs, toMs),
  }
}

function areSame(sent: readonly Interval[], stored: readonly Interval[]): boolean {
  const byKey = new Map(stored.map((r) => [intervalKey(r), r]))
  return sent.every((r) => isEqual(r, byKey.get(intervalKey(r))))
}

const isEqual = (a: Interval, b: Interval | undefined): boolean =>
  b !== undefined &&
  a.durationMs === b.durationMs &&
  a.coveredMs === b.coveredMs &&
  INTERVAL_QUANTITIES.every((name) => (a[name] ?? 0) === (b[name] ?? 0))
