import type { IPoint } from 'influx'
import { MINUTE_MS, minuteOf } from '../../../protocol/units.ts'
import type { AgentInterval } from '../../economics/ledger-row.ts'
import { runsOf } from '../../economics/minute-runs.ts'
import type {
  HeldBack,
  HeldBackBucket,
  HeldFilter,
  HeldGroup,
  HeldMark,
  HeldRecord,
  HoldKind,
  HoldState,
} from '../../plugin/held.ts'
import type { HeldStore } from '../../plugin/held-store.ts'
import { ownerFromText, ownerText } from '../../rows/escaped-text.ts'
import { HELD_BACK_SUMS, holdKey, recordKey } from '../../rows/held.ts'
import { firstByKey } from '../../rows/rows.ts'
import type { SerialQueue } from '../../rows/serial-queue.ts'
import { repricingPoint } from './audit.ts'
import type { InfluxClient } from './client.ts'
import { literal, within } from './influxql.ts'
import { point, type Row, text } from './measurements.ts'
import { intervalOf } from './points.ts'

/** The last time that InfluxDB can hold, in whole ms. */
const LAST_MS = 9_223_372_036_854
const HOUR_OF_MINUTES = 60

type StoredMark = HeldMark & Pick<HeldRecord, 'state' | 'decision'>

function markPoint(mark: HeldMark, state: HoldState, decision?: string): IPoint {
  const { agentId, deviceId, owner, startMs, kind, check, reason, heldMs } = mark
  const fields = { reason, heldMs, state, ...(decision ? { decision } : {}) }
  const made = point('held', startMs, { agentId, deviceId, kind, check }, fields)
  const facts = ownerText(owner)
  // set here, because `point` would escape it a second time
  if (facts) made.tags = { ...made.tags, owner: facts }
  return made
}

const markOf = (row: Row): StoredMark => ({
  agentId: text(row['agentId']),
  deviceId: text(row['deviceId']),
  owner: ownerFromText(String(row['owner'] ?? '')),
  startMs: row.time,
  kind: text(row['kind']) as HoldKind,
  check: text(row['check']),
  reason: text(row['reason']),
  heldMs: Number(row['heldMs']),
  state: text(row['state']) as HoldState,
  ...(row['decision'] ? { decision: text(row['decision']) } : {}),
})

function conditionOf({ fromMs = 0, toMs = LAST_MS, state, decision, ...filter }: HeldFilter): string {
  const where = [within(fromMs, Math.min(LAST_MS, toMs))]
  const lists = { kind: filter.kinds, check: filter.checks, agentId: filter.agents, deviceId: filter.devices }
  for (const [name, list] of Object.entries(lists))
    if (list) where.push(`(${list.map((value) => `"${name}" = ${literal(value)}`).join(' OR ')})`)
  if (state) where.push(`state = ${literal(state)}`)
  if (decision !== undefined) where.push(`decision = ${literal(decision)}`)
  return where.join(' AND ')
}
const matchesNone = ({ kinds, checks, agents, devices }: HeldFilter): boolean =>
  [kinds, checks, agents, devices].some((list) => list?.length === 0)

async function marks(influx: InfluxClient, filter: HeldFilter): Promise<StoredMark[]> {
  if (matchesNone(filter)) return []
  return (await influx.rows(`SELECT * FROM held WHERE ${conditionOf(filter)}`)).map(markOf)
}

/** Adds the holds that are new. Runs in the queue of appends. */
export async function addHolds(influx: InfluxClient, added: readonly HeldMark[]): Promise<void> {
  if (added.length === 0) return
  const starts = added.map((mark) => mark.startMs)
  const fromMs = starts.reduce((a, b) => Math.min(a, b))
  const toMs = starts.reduce((a, b) => Math.max(a, b)) + 1
  const known = new Set((await marks(influx, { fromMs, toMs })).map(holdKey))
  const fresh = firstByKey(added, holdKey).filter((mark) => !known.has(holdKey(mark)))
  await influx.write(fresh.map((mark) => markPoint(mark, 'open')))
}

/** Keys of records that start in [fromMs, toMs) and are held and not accepted. */
export async function heldKeys(
  influx: InfluxClient,
  fromMs: number,
  toMs: number,
): Promise<Map<string, number>> {
  const rows = await influx.rows(`SELECT * FROM held WHERE ${within(fromMs, toMs)} AND state != 'accepted'`)
  return new Map(rows.map(markOf).map((mark) => [recordKey(mark), mark.startMs]))
}

/** Records that start at or after `fromMs` and do not count. */
export async function uncounted(influx: InfluxClient, fromMs: number): Promise<AgentInterval[]> {
  const keys = await heldKeys(influx, fromMs, LAST_MS)
  const records = await recordsOf(influx, await marks(influx, { fromMs }))
  return records.filter((record) => keys.has(recordKey(record)))
}

export const heldBackPoint = ({ minuteMs, workload, kind, ...sums }: HeldBack): IPoint =>
  point('heldBack', minuteMs, { workload, kind }, sums)

/** Holds beside the records. A hold is written before its record, and a repricing before its decisions, so that a crash pays nothing. */
export const influxHeld = (
  influx: () => InfluxClient,
  appends: SerialQueue,
): Omit<HeldStore, 'heldVersion'> => ({
  hold: (added) => appends.run(() => addHolds(influx(), added)),

  async held(filter, limit) {
    const found = (await marks(influx(), filter)).sort(byRecord)
    const records = new Map(
      (await recordsOf(influx(), found.slice(0, limit))).map((record) => [recordKey(record), record]),
    )
    return found.slice(0, limit).flatMap((mark): HeldRecord[] => {
      const { kind, check, reason, heldMs, state, decision } = mark
      const record = records.get(recordKey(mark))
      return record ? [{ record, kind, check, reason, heldMs, state, ...(decision ? { decision } : {}) }] : []
    })
  },

  async heldGroups(filter, limit) {
    const groups = new Map<string, HeldGroup>()
    for (const mark of await marks(influx(), filter)) {
      const { agentId, deviceId, kind, check, reason, state, startMs } = mark
      const key = JSON.stringify([agentId, deviceId, kind, check, state])
      const group = groups.get(key)
      const own = { agentId, deviceId, kind, check, state }
      if (!group) groups.set(key, { ...own, reason, records: 1, firstMs: startMs, lastMs: startMs })
      else {
        group.records++
        group.firstMs = Math.min(group.firstMs, startMs)
        if (startMs >= group.lastMs) Object.assign(group, { lastMs: startMs, reason })
      }
    }
    const order = (g: HeldGroup) => [g.agentId, g.deviceId, g.kind, g.check, g.state].join('\n')
    return [...groups.values()]
      .sort((a, b) => b.lastMs - a.lastMs || (order(a) < order(b) ? -1 : 1))
      .slice(0, limit)
  },

  decide: (repricing) =>
    appends.run(async () => {
      const { id, decision } = repricing
      await influx().write([repricingPoint(repricing)])
      const found = await marks(influx(), decision.filter)
      await influx().write(
        found
          .filter((mark) => mark.state !== decision.verdict)
          .map((mark) => markPoint(mark, decision.verdict, id)),
      )
    }),

  async decidedMinutes(id, fromMs, limit) {
    const rows = await influx().rows(
      `SELECT heldMs FROM held WHERE decision = ${literal(id)} AND ${within(fromMs, LAST_MS)}`,
    )
    return [...new Set(rows.map((row) => minuteOf(row.time)))].sort((a, b) => a - b).slice(0, limit)
  },

  async heldBack(fromMs, toMs, stepMs) {
    const rows = await influx().rows(
      `SELECT ${HELD_BACK_SUMS.map((name) => `sum(${name}) AS ${name}`).join(', ')} FROM heldBack
       WHERE ${within(fromMs, toMs)} GROUP BY time(${stepMs}ms), workload, kind fill(none)`,
    )
    const order = (b: HeldBackBucket) => `${b.workload}\n${b.kind}`
    return rows
      .map((row) => ({
        startMs: row.time,
        workload: text(row['workload']),
        kind: text(row['kind']) as HoldKind,
        records: Number(row['records']),
        revenueNanoUsd: Number(row['revenueNanoUsd']),
        energyMilliJ: Number(row['energyMilliJ']),
      }))
      .sort((a, b) => a.startMs - b.startMs || (order(a) < order(b) ? -1 : 1))
  },
})

const byRecord = (a: StoredMark, b: StoredMark): number =>
  a.startMs - b.startMs || (holdKey(a) < holdKey(b) ? -1 : 1)

/** The records of holds, read by runs of minutes of at most an hour. */
async function recordsOf(influx: InfluxClient, found: readonly StoredMark[]) {
  const minutes = [...new Set(found.map((mark) => minuteOf(mark.startMs)))]
  const hourMs = HOUR_OF_MINUTES * MINUTE_MS
  const devices = [...new Set(found.map((mark) => mark.deviceId))]
  const few = devices.length <= HOUR_OF_MINUTES
  const only = few ? ` AND (${devices.map((id) => `deviceId = ${literal(id)}`).join(' OR ')})` : ''
  const records = []
  for (const [runMs, endMs] of runsOf(minutes))
    for (let fromMs = runMs; fromMs < endMs; fromMs += hourMs) {
      const range = within(fromMs, Math.min(endMs, fromMs + hourMs))
      for (const row of await influx.rows(`SELECT * FROM interval WHERE ${range}${only}`))
        records.push(intervalOf(row))
    }
  return records
}
