import type { Interval } from '../../../protocol/interval.ts'
import { HOUR_MS } from '../../../protocol/units.ts'
import type { Append, HighWater } from '../../plugin/store.ts'
import { firstByKey, lossKey, marksAfter } from '../../rows/rows.ts'
import { ownerText } from '../../rows/text.ts'
import type { Link } from './link.ts'

/** An interval as it is kept: with its agent, its owner as text. */
export type KeptInterval = Omit<Interval, 'owner'> & { agentId: string; owner: string }

/** Adds what is new of all parts, and sets the marks of their agents. Runs in the caller's transaction. */
export async function appendAll(link: Link, parts: readonly Append[]): Promise<void> {
  const all = parts.flatMap(({ agentId, records }) =>
    records.map((r): KeptInterval => ({ ...r, agentId, owner: ownerText(r.owner) })),
  )
  const rows = firstByKey(all, (r) => `${r.agentId}\n${r.deviceId}\n${r.owner}\n${r.startMs}`)
  const known = new Set<KeptInterval>()
  for (const near of byHour(rows)) for (const row of await knownRows(link, near)) known.add(row)
  await link.append(
    'interval',
    rows.filter((row) => !known.has(row)),
  )
  await link.append(
    'loss',
    firstByKey(
      parts.flatMap((part) => part.losses ?? []),
      lossKey,
    ),
  )
  await setMarks(link, parts)
}

/** Rows of one hour together, so that the ones that are kept are looked for in a narrow part of the table. */
function byHour(rows: readonly KeptInterval[]): KeptInterval[][] {
  const hours = new Map<number, KeptInterval[]>()
  for (const row of rows) {
    const hour = Math.floor(row.startMs / HOUR_MS)
    const near = hours.get(hour)
    if (near) near.push(row)
    else hours.set(hour, [row])
  }
  return [...hours.values()]
}

/** Those of the rows that are in the store already. */
async function knownRows(link: Link, rows: readonly KeptInterval[]): Promise<KeptInterval[]> {
  const column = <N extends keyof KeptInterval>(name: N) => rows.map((row) => row[name])
  const starts = column('startMs')
  const first = starts.reduce((a, b) => Math.min(a, b), Infinity)
  const last = starts.reduce((a, b) => Math.max(a, b), 0)
  const window = { first, last, agents: [...new Set(column('agentId'))] }
  const inWindow =
    'interval.startMs BETWEEN $first AND $last AND interval.agentId IN (SELECT unnest($agents))'
  // mostly nothing of that time is there, and counting costs a third of comparing
  const [{ n } = { n: 0 }] = await link.query<{ n: number }>(
    `SELECT count(*) AS n FROM interval WHERE ${inWindow}`,
    window,
  )
  if (n === 0) return []
  const known = await link.query<{ i: number }>(
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
  return known.map(({ i }) => rows[i] as KeptInterval)
}

/** Sets the marks by the rule of `laterMark` in rows.ts. */
async function setMarks(link: Link, parts: readonly Append[]): Promise<void> {
  if (parts.length === 0) return
  const agents = [...new Set(parts.map((part) => part.agentId))]
  const found = await link.query<HighWater & { agentId: string }>(
    'SELECT * FROM highWater WHERE agentId IN (SELECT unnest($agents))',
    { agents },
  )
  const known = new Map(found.map(({ agentId, epoch, seq }) => [agentId, { epoch, seq }]))
  const marks = [...marksAfter(known, parts)].map(([agentId, mark]) => ({ agentId, ...mark }))
  const old = marks.filter(({ agentId }) => known.has(agentId))
  // in place: rows that are removed and added each minute would leave holes in the file
  if (old.length > 0)
    await link.query(
      `UPDATE highWater SET epoch = m.epoch, seq = m.seq FROM (SELECT unnest($agents) AS agentId,
         unnest($epochs) AS epoch, unnest($seqs) AS seq) m WHERE highWater.agentId = m.agentId`,
      {
        agents: old.map((mark) => mark.agentId),
        epochs: old.map((mark) => mark.epoch),
        seqs: old.map((mark) => mark.seq),
      },
    )
  await link.append(
    'highWater',
    marks.filter(({ agentId }) => !known.has(agentId)),
  )
}
