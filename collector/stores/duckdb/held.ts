import { MINUTE_MS } from '../../../protocol/units.ts'
import type { HeldBackBucket, HeldFilter, HeldGroup, HeldMark, HeldRecord, Hold } from '../../plugin/held.ts'
import type { HeldStore } from '../../plugin/held-store.ts'
import { ownerText } from '../../rows/escaped-text.ts'
import { HELD_BACK_SUMS, holdKey } from '../../rows/held.ts'
import { firstByKey } from '../../rows/rows.ts'
import { writeRepricing } from './audit.ts'
import type { Connection, Value } from './connection.ts'
import type { Database } from './database.ts'
import { type IntervalRow, intervalOf } from './interval-row.ts'

const RECORD_KEY = 'agentId, deviceId, owner, startMs'

/** Records that start in [$from, $to) and are not held, or whose holds are all accepted. */
export const COUNTING = `(SELECT * FROM interval ANTI JOIN
  (SELECT ${RECORD_KEY} FROM held WHERE state <> 'accepted' AND startMs >= $from AND startMs < $to)
  USING (${RECORD_KEY}))`

const HOLD_COLUMNS = ['kind', 'check', 'reason', 'heldMs', 'state', 'decision'] as const
type HeldRow = IntervalRow & Omit<HeldRecord, 'record'>

/** Adds the holds that are new. Runs in the caller's transaction. */
export async function addHolds(connection: Connection, marks: readonly HeldMark[]): Promise<void> {
  const unique = firstByKey(marks, holdKey)
  if (unique.length === 0) return
  const rows = unique.map((mark) => ({ ...mark, owner: ownerText(mark.owner), state: 'open' }))
  const column = <N extends keyof (typeof rows)[number]>(name: N) => rows.map((row) => row[name])
  const found = await connection.query<{ i: number }>(
    `SELECT k.i FROM (SELECT unnest($agents) AS agentId, unnest($devices) AS deviceId, unnest($owners) AS owner,
       unnest($starts) AS startMs, unnest($kinds) AS kind, unnest($checks) AS "check",
       unnest(range(len($starts))) AS i) k
     JOIN held USING (${RECORD_KEY}, kind, "check")`,
    {
      agents: column('agentId'),
      devices: column('deviceId'),
      owners: column('owner'),
      starts: column('startMs'),
      kinds: column('kind'),
      checks: column('check'),
    },
  )
  const known = new Set(found.map(({ i }) => i))
  await connection.append(
    'held',
    rows.filter((_, i) => !known.has(i)),
  )
}

/** The condition of a filter on the table `held`, with its parameters. */
function conditionOf(filter: HeldFilter): { where: string; values: Record<string, Value> } {
  const { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, state, decision } = filter
  const where = ['held.startMs >= $from', 'held.startMs < $to']
  const values: Record<string, Value> = { from: Math.ceil(fromMs), to: Math.ceil(toMs) }
  const lists = { kind: filter.kinds, check: filter.checks, agentId: filter.agents, deviceId: filter.devices }
  for (const [name, list] of Object.entries(lists)) {
    if (!list) continue
    where.push(list.length === 0 ? 'false' : `held."${name}" IN (SELECT unnest($${name}s))`)
    if (list.length > 0) values[`${name}s`] = list
  }
  if (state) {
    where.push('held.state = $state')
    values['state'] = state
  }
  if (decision !== undefined) {
    where.push('held.decision = $decision')
    values['decision'] = decision
  }
  return { where: where.join(' AND '), values }
}

export const duckdbHeld = (database: Database): Omit<HeldStore, 'heldVersion'> => ({
  hold: (marks) => database.write((connection) => addHolds(connection, marks)),

  async held(filter, limit) {
    const { where, values } = conditionOf(filter)
    const rows = await database.read<HeldRow>(
      `SELECT interval.*, ${HOLD_COLUMNS.map((name) => `held."${name}"`).join(', ')}
       FROM held JOIN interval USING (${RECORD_KEY})
       WHERE ${where} AND interval.startMs >= $from AND interval.startMs < $to
       ORDER BY held.startMs, held.agentId, held.deviceId, held.owner, held.kind, held."check" LIMIT $limit`,
      { ...values, limit },
    )
    return rows.map(({ kind, check, reason, heldMs, state, decision, ...record }) => ({
      record: intervalOf(record),
      ...({ kind, check, reason } satisfies Hold),
      heldMs,
      state,
      ...(decision ? { decision } : {}),
    }))
  },

  heldGroups(filter, limit) {
    const { where, values } = conditionOf(filter)
    return database.read<HeldGroup>(
      `SELECT agentId, deviceId, kind, "check", state, count(*) AS records, min(startMs) AS firstMs,
         max(startMs) AS lastMs, arg_max(reason, startMs) AS reason
       FROM held WHERE ${where} GROUP BY agentId, deviceId, kind, "check", state
       ORDER BY lastMs DESC, agentId, deviceId, kind, "check", state LIMIT $limit`,
      { ...values, limit },
    )
  },

  decide: (repricing) =>
    database.write(async (connection) => {
      const { id, decision } = repricing
      const { where, values } = conditionOf(decision.filter)
      await connection.query(
        `UPDATE held SET state = $verdict, decision = $id WHERE ${where} AND state <> $verdict`,
        { ...values, verdict: decision.verdict, id },
      )
      await writeRepricing(connection, repricing)
    }),

  async decidedMinutes(id, fromMs, limit) {
    const rows = await database.read<{ minuteMs: number }>(
      `SELECT DISTINCT startMs - startMs % $minute AS minuteMs FROM held
       WHERE decision = $id AND startMs >= $from ORDER BY 1 LIMIT $limit`,
      { minute: MINUTE_MS, id, from: fromMs, limit },
    )
    return rows.map((row) => row.minuteMs)
  },

  heldBack: (fromMs, toMs, stepMs) =>
    database.read<HeldBackBucket>(
      `SELECT minuteMs - minuteMs % $step AS startMs, workload, kind,
         ${HELD_BACK_SUMS.map((name) => `sum(${name}) AS ${name}`).join(', ')}
       FROM heldBack WHERE minuteMs >= $from AND minuteMs < $to GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
      { step: stepMs, from: Math.ceil(fromMs), to: Math.ceil(toMs) },
    ),
})
