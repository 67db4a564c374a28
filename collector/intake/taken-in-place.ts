import { INTERVAL_QUANTITIES, type Interval, intervalKey } from '../../protocol/interval.ts'
import { HOUR_MS, minuteOf } from '../../protocol/units.ts'
import type { Hold, RecordHold } from '../plugin/held.ts'
import { ALL_HELD } from '../plugin/held-store.ts'
import type { Store } from '../plugin/store.ts'
import type { RecordJudge } from './batch-plan.ts'

/** Holds of records that are taken in from messages, or at another time than they say. */
export const TAKEN_IN = 'taken-in'
/** Times are typed in whole seconds: so much of a record's time may be covered already. */
const COVERED_TWICE_MS = 2_000

/** A record at the time at which it is to be taken in. */
export interface Arrival {
  record: Interval
  /** true: it is moved from where it is stored, so it must find its place empty */
  isMoved: boolean
}

export interface Placed {
  records: Interval[]
  /** what the device can't have done there, beside what it has there already */
  holds: RecordHold[]
  /** records in whose place another one stands */
  collisions: Interval[]
}

/** What an agent has in a time, with what is held. */
interface Present {
  counting: readonly Interval[]
  /** also what is held; undefined where it waits there since an act that was interrupted */
  byKey: ReadonlyMap<string, Interval | undefined>
  /** of what was taken in there and taken back: it stays in the store, and gives way to a record that really was then */
  left: ReadonlySet<string>
}

/**
 * Holds an agent's records against what it has at their new time: nothing stands in the place of another record, each is judged as if it
 * came then, after an hour of what came before, and none covers a time that its owner's records cover there. Rejects where the store fails.
 * @param judge knows nothing of the devices' records yet
 */
export async function placed(
  store: Pick<Store, 'intervals' | 'held'>,
  agentId: string,
  arrivals: readonly Arrival[],
  judge: RecordJudge,
  heldMs: number,
): Promise<Placed> {
  const hours = new Map<number, Arrival[]>()
  for (const arrival of arrivals) {
    const hour = hourOf(arrival.record.startMs)
    if (!hours.has(hour - HOUR_MS)) hours.set(hour - HOUR_MS, [])
    hours.set(hour, [...(hours.get(hour) ?? []), arrival])
  }
  const devices = new Set(arrivals.map(({ record }) => record.deviceId))
  const found: Placed = { records: [], holds: [], collisions: [] }
  for (const [hour, own] of [...hours].sort(([a], [b]) => a - b)) {
    const present = await presentIn(store, agentId, hour, devices)
    const { fresh, collisions } = apart(own, present)
    found.collisions.push(...collisions)
    found.records.push(...fresh)
    for (const hold of judged(agentId, fresh, present.counting, judge)) found.holds.push({ ...hold, heldMs })
  }
  return found
}

async function presentIn(
  store: Pick<Store, 'intervals' | 'held'>,
  agentId: string,
  fromMs: number,
  devices: ReadonlySet<string>,
): Promise<Present> {
  const toMs = fromMs + HOUR_MS
  const counting = (await store.intervals(fromMs, toMs, agentId)).filter((r) => devices.has(r.deviceId))
  const byKey = new Map<string, Interval | undefined>(counting.map((r) => [intervalKey(r), r]))
  const held = await store.held({ agents: [agentId], devices: [...devices], fromMs, toMs }, ALL_HELD)
  for (const { record } of held) byKey.set(intervalKey(record), record)
  for (const { record, check, state } of held)
    if (check === TAKEN_IN && state === 'open') byKey.set(intervalKey(record), undefined)
  const back = held.filter(({ check, state }) => check === TAKEN_IN && state === 'rejected')
  return { counting, byKey, left: new Set(back.map(({ record }) => intervalKey(record))) }
}

/** The records that find their place empty. One of a message that stands there already is in neither list. */
function apart(
  arrivals: readonly Arrival[],
  { byKey, left }: Pick<Present, 'byKey' | 'left'>,
): { fresh: Interval[]; collisions: Interval[] } {
  const fresh = new Map<string, Interval>()
  const collisions: Interval[] = []
  const present = (record: Interval) => fresh.get(intervalKey(record)) ?? byKey.get(intervalKey(record))
  for (const { record: arrived, isMoved } of arrivals) {
    let record = arrived
    while (isMoved && record.durationMs > 1 && left.has(intervalKey(record))) record = begunLater(record)
    const there = present(record)
    if (!there) fresh.set(intervalKey(record), record)
    else if (isMoved || !isEqual(there, record)) collisions.push(record)
  }
  return { fresh: [...fresh.values()], collisions }
}

/** The same record from its second millisecond on: no two records of an owner begin at one moment. What it measured stays whole. */
const begunLater = (record: Interval): Interval => ({
  ...record,
  startMs: record.startMs + 1,
  durationMs: record.durationMs - 1,
  coveredMs: Math.min(record.coveredMs, record.durationMs - 1),
})

const isEqual = (a: Interval, b: Interval): boolean =>
  (['durationMs', 'coveredMs', ...INTERVAL_QUANTITIES] as const).every((name) => a[name] === b[name])

/** Judges the records in order of time, between those that are there. */
function judged(
  agentId: string,
  fresh: readonly Interval[],
  counting: readonly Interval[],
  judge: RecordJudge,
): Omit<RecordHold, 'heldMs'>[] {
  const isFresh = new Set(fresh)
  const covered = new Map<string, Interval[]>()
  const holds: Omit<RecordHold, 'heldMs'>[] = []
  for (const record of counting) note(covered, record)
  for (const record of [...counting, ...fresh].sort((a, b) => a.startMs - b.startMs)) {
    const doubt = judge(agentId, record)
    if (!isFresh.has(record)) continue
    const hold = doubt ?? twice(agentId, record, covered.get(placeOf(record)) ?? [])
    if (hold) holds.push({ ...hold, record })
    else note(covered, record)
  }
  return holds
}

function twice(agentId: string, record: Interval, there: readonly Interval[]): Hold | undefined {
  const { deviceId, startMs, durationMs, coveredMs } = record
  const endMs = startMs + durationMs
  let overlapMs = 0
  for (const other of there) {
    const fromMs = Math.max(startMs, other.startMs)
    const bothMs = Math.min(endMs, other.startMs + other.durationMs) - fromMs
    overlapMs += Math.max(0, Math.min(bothMs, other.coveredMs))
  }
  overlapMs = Math.min(overlapMs, coveredMs)
  if (overlapMs <= COVERED_TWICE_MS) return undefined
  const reason = `${agentId}, ${deviceId}: ${Math.round(overlapMs / 1000)} s of it are covered by what its owner's records tell of this time already; take it in with another --shift, or reject it`
  return { kind: 'doubt', check: 'coverage', reason }
}

function note(covered: Map<string, Interval[]>, record: Interval): void {
  const place = placeOf(record)
  const there = covered.get(place)
  if (there) there.push(record)
  else covered.set(place, [record])
}

/** A device's owner in a minute: no record reaches out of its minute. */
const placeOf = (record: Interval): string => intervalKey({ ...record, startMs: minuteOf(record.startMs) })
const hourOf = (ms: number): number => Math.floor(ms / HOUR_MS) * HOUR_MS
