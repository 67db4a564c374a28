import { HOUR_MS } from '../../../protocol/units.ts'
import type { HeldMark } from '../../plugin/held.ts'
import type { Append, HighWater } from '../../plugin/store.ts'
import { recordKey, rowKey } from '../../rows/held.ts'
import { marksAfter } from '../../rows/high-water.ts'
import { firstByKey, lossKey } from '../../rows/rows.ts'
import type { Connection } from './connection.ts'
import { addHolds } from './held.ts'
import { type IntervalRow, intervalRow } from './interval-row.ts'

/** Adds the records that are new, and sets the marks of their agents. Runs in the caller's transaction. @returns these marks */
export async function appendAll(
  connection: Connection,
  parts: readonly Append[],
): Promise<ReadonlyMap<string, HighWater>> {
  const all = parts.flatMap(({ agentId, records }) => records.map((record) => intervalRow(agentId, record)))
  const rows = firstByKey(all, rowKey)
  const stored = new Set<IntervalRow>()
  for (const hour of byHour(rows)) for (const row of await storedRows(connection, hour)) stored.add(row)
  await connection.append(
    'interval',
    rows.filter((row) => !stored.has(row)),
  )
  await appendHolds(
    connection,
    parts,
    rows.filter((row) => !stored.has(row)),
  )
  await connection.append(
    'loss',
    firstByKey(
      parts.flatMap((part) => part.losses ?? []),
      lossKey,
    ),
  )
  return setMarks(connection, parts)
}

/** Holds of records that are new; a record that counts already stays as it is. */
async function appendHolds(
  connection: Connection,
  parts: readonly Append[],
  added: readonly IntervalRow[],
): Promise<void> {
  const marks = parts.flatMap(({ agentId, holds = [] }) =>
    holds.map(({ record, ...hold }): HeldMark => {
      const { deviceId, owner, startMs } = record
      return { ...hold, agentId, deviceId, owner, startMs }
    }),
  )
  if (marks.length === 0) return
  const fresh = new Set(added.map(rowKey))
  await addHolds(
    connection,
    marks.filter((mark) => fresh.has(recordKey(mark))),
  )
}

/** Groups rows by hour, so that stored ones are searched in a narrow part of the table. */
function byHour(rows: readonly IntervalRow[]): IntervalRow[][] {
  const hours = new Map<number, IntervalRow[]>()
  for (const row of rows) {
    const hour = Math.floor(row.startMs / HOUR_MS)
    const together = hours.get(hour)
    if (together) together.push(row)
    else hours.set(hour, [row])
  }
  return [...hours.values()]
}

/** Those of the rows that are in the store already. */
async function storedRows(connection: Connection, rows: readonly IntervalRow[]): Promise<IntervalRow[]> {
  const column = <N extends keyof IntervalRow>(name: N) => rows.map((row) => row[name])
  const starts = column('startMs')
  const first = starts.reduce((a, b) => Math.min(a, b), Infinity)
  const last = starts.reduce((a, b) => Math.max(a, b), 0)
  const window = { first, last, agents: [...new Set(column('agentId'))] }
  const inWindow =
    'interval.startMs BETWEEN $first AND $last AND interval.agentId IN (SELECT unnest($agents))'
  // usually the store has nothing of that time, and counting costs a third of the join
  const [{ n } = { n: 0 }] = await connection.query<{ n: number }>(
    `SELECT count(*) AS n FROM interval WHERE ${inWindow}`,
    window,
  )
  if (n === 0) return []
  const found = await connection.query<{ i: number }>(
    `SELECT k.i FROM (SELECT unnest($agentIds) AS agentId, unnest($devices) AS deviceId, unnest($owners) AS owner,
       unnest($starts) AS startMs, unnest(range(len($starts))) AS i) k
     JOIN interval USING (agentId, deviceId, owner, startMs) WHERE ${inWindow}`,
    {
      ...window,
      agentIds: column('agentId'),
      devices: column('deviceId'),
      owners: column('owner'),
      starts,
    },
  )
  return found.map(({ i }) => rows[i] as IntervalRow)
}

/** Sets the marks by the rule of rows/high-water.ts. */
async function setMarks(
  connection: Connection,
  parts: readonly Append[],
): Promise<ReadonlyMap<string, HighWater>> {
  if (parts.length === 0) return new Map()
  const agents = [...new Set(parts.map((part) => part.agentId))]
  const found = await connection.query<HighWater & { agentId: string }>(
    'SELECT * FROM highWater WHERE agentId IN (SELECT unnest($agents))',
    { agents },
  )
  const known = new Map(found.map(({ agentId, ...mark }) => [agentId, mark]))
  const next = marksAfter(known, parts)
  const marks = [...next].map(([agentId, mark]) => ({ agentId, ...mark }))
  const old = marks.filter(({ agentId }) => known.has(agentId))
  // updated in place: rows deleted and added each minute would fragment the file
  if (old.length > 0)
    await connection.query(
      // a parameter can't be NULL: '' and -1 stand for what is absent
      `UPDATE highWater SET epoch = m.epoch, seq = m.seq, life = nullif(m.life, ''),
         newestMs = nullif(m.newestMs, -1), overlap = nullif(m.overlap, ''), tally = nullif(m.tally, '') FROM (SELECT unnest($agents) AS agentId,
         unnest($epochs) AS epoch, unnest($seqs) AS seq, unnest($lives) AS life, unnest($newest) AS newestMs,
         unnest($overlaps) AS overlap, unnest($tallies) AS tally) m WHERE highWater.agentId = m.agentId`,
      {
        agents: old.map((mark) => mark.agentId),
        epochs: old.map((mark) => mark.epoch),
        seqs: old.map((mark) => mark.seq),
        lives: old.map((mark) => mark.life ?? ''),
        newest: old.map((mark) => mark.newestMs ?? -1),
        overlaps: old.map((mark) => mark.overlap ?? ''),
        tallies: old.map((mark) => mark.tally ?? ''),
      },
    )
  await connection.append(
    'highWater',
    marks.filter(({ agentId }) => !known.has(agentId)),
  )
  return next
}
