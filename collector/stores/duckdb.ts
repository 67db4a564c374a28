import type { Interval } from '../../protocol/interval.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { Quote } from '../quotes.ts'
import {
  type AgentInterval,
  type GroupBy,
  type HighWater,
  LEDGER_SUMS,
  type LedgerBucket,
  type Quarantined,
  type Store,
  type StoredSample,
} from '../store.ts'
import { Database, type DatabaseOptions } from './duckdb/database.ts'
import type { Link } from './duckdb/link.ts'
import { firstByKey, lastByKey, minuteAtOrAfter, recordKey } from './rows.ts'
import { ownerFromText, ownerText } from './text.ts'

const GROUP_COLUMNS: Record<GroupBy, string> = {
  workload: 'workload',
  device: 'deviceId',
  container: 'container',
  rack: 'rack',
  site: `'site'`,
}
const SUMS = LEDGER_SUMS.map((name) => `sum(${name}) AS ${name}`).join(', ')
const range = (fromMs: number, toMs: number) => ({ from: Math.ceil(fromMs), to: Math.ceil(toMs) })

/** The embedded store: one DuckDB file, safe against kill -9 by its write-ahead log. Errors: see duckdb/errors.ts. */
export function createDuckdbStore(options: DatabaseOptions): Store {
  const database = new Database(options)
  return {
    name: 'duckdb',
    open: () => database.open(),
    close: () => database.close(),

    append: (agentId, mark, records) =>
      database.write(async (link) => {
        const rows = firstByKey(records, recordKey).map((r) => ({ ...r, agentId, owner: ownerText(r.owner) }))
        const known = await knownRows(link, agentId, rows)
        await link.append(
          'interval',
          rows.filter((_, i) => !known.has(i)),
        )
        await setMark(link, agentId, mark)
      }),
    async highWaters() {
      const rows = await database.read<HighWater & { agentId: string }>('SELECT * FROM highWater')
      return new Map(rows.map(({ agentId, epoch, seq }) => [agentId, { epoch, seq }]))
    },
    async intervals(fromMs, toMs) {
      const rows = await database.read<KeptInterval & { agentId: string }>(
        'SELECT * FROM interval WHERE startMs >= $from AND startMs < $to ORDER BY startMs',
        range(fromMs, toMs),
      )
      return rows.map((row): AgentInterval => ({ ...row, owner: ownerFromText(row.owner) }))
    },

    settle: (minutes, rows) =>
      database.write(async (link) => {
        await link.query('DELETE FROM ledger WHERE minuteMs IN (SELECT unnest($minutes))', { minutes })
        await link.append('ledger', rows)
      }),
    ledger: ({ fromMs, toMs, stepMs, groupBy }) =>
      database.read<LedgerBucket>(
        `SELECT minuteMs - minuteMs % $step AS startMs, ${GROUP_COLUMNS[groupBy]} AS "group", ${SUMS}
         FROM ledger WHERE minuteMs >= $from AND minuteMs < $to GROUP BY 1, 2 ORDER BY 1, 2`,
        { step: stepMs, ...range(fromMs, toMs) },
      ),
    async unsettledMinutes(fromMs, toMs) {
      const rows = await database.read<{ minuteMs: number }>(
        `SELECT minuteMs FROM
           (SELECT startMs - startMs % $minute AS minuteMs, count(*) AS kept FROM interval
            WHERE startMs >= $from AND startMs < $to GROUP BY 1)
           FULL JOIN (SELECT minuteMs, sum(intervals) AS settled FROM ledger
            WHERE minuteMs >= $from AND minuteMs < $to GROUP BY 1) USING (minuteMs)
         WHERE coalesce(kept, 0) <> coalesce(settled, 0) ORDER BY 1`,
        { minute: MINUTE_MS, ...range(minuteAtOrAfter(fromMs), minuteAtOrAfter(toMs)) },
      )
      return rows.map((row) => row.minuteMs)
    },

    writeSamples: (samples) => database.write((link) => link.append('sample', samples)),
    samples: (deviceId, fromMs, toMs, limit) =>
      // the same ranks as `thin` in rows.ts, chosen where the rows are
      database.read<StoredSample>(
        `SELECT * EXCLUDE (i, n) FROM (
           SELECT *, row_number() OVER (ORDER BY atMs, agentId) - 1 AS i, count(*) OVER () AS n FROM sample
           WHERE deviceId = $deviceId AND atMs >= $from AND atMs < $to)
         WHERE ((i + 1) * $limit) // n > (i * $limit) // n ORDER BY i`,
        { deviceId, limit, ...range(fromMs, toMs) },
      ),
    prune: (samplesBeforeMs) =>
      database.write(async (link) => {
        await link.query('DELETE FROM sample WHERE atMs < $before', { before: Math.ceil(samplesBeforeMs) })
      }),

    writeQuotes: (quotes) =>
      database.write(async (link) => {
        const unique = lastByKey(quotes, (quote) => `${quote.name}\n${quote.fromMs}`)
        for (const { name, fromMs } of unique)
          await link.query('DELETE FROM quote WHERE name = $name AND fromMs = $fromMs', { name, fromMs })
        await link.append('quote', unique)
      }),
    quotes: () => database.read<Quote>('SELECT * FROM quote ORDER BY fromMs, name'),

    quarantine: (entries, keep) =>
      database.write(async (link) => {
        const [newest] = await link.query<{ n: number }>('SELECT max(n) AS n FROM quarantine')
        const first = (newest?.n ?? 0) + 1
        await link.append(
          'quarantine',
          entries.map((entry, i) => ({ ...entry, n: first + i })),
        )
        await link.query('DELETE FROM quarantine WHERE n < $oldest', {
          oldest: first + entries.length - keep,
        })
      }),
    quarantined: (limit) =>
      database.read<Quarantined>('SELECT * EXCLUDE (n) FROM quarantine ORDER BY n DESC LIMIT $limit', {
        limit,
      }),
  }
}

/** An interval as it is kept: its owner as text. */
type KeptInterval = Omit<Interval, 'owner'> & { owner: string }

/** Which of the agent's rows are in the store already, by index. */
async function knownRows(link: Link, agentId: string, rows: readonly KeptInterval[]): Promise<Set<number>> {
  const starts = rows.map((row) => row.startMs)
  const window = { agentId, first: Math.min(...starts), last: Math.max(...starts) }
  const inWindow = 'agentId = $agentId AND interval.startMs BETWEEN $first AND $last'
  // mostly nothing of that time is there, and counting costs a third of comparing
  const [{ n } = { n: 0 }] = rows.length
    ? await link.query<{ n: number }>(`SELECT count(*) AS n FROM interval WHERE ${inWindow}`, window)
    : []
  if (n === 0) return new Set()
  const known = await link.query<{ i: number }>(
    `SELECT k.i FROM (SELECT unnest($devices) AS deviceId, unnest($owners) AS owner, unnest($starts) AS startMs,
       unnest(range(len($starts))) AS i) k JOIN interval USING (deviceId, owner, startMs) WHERE ${inWindow}`,
    { ...window, devices: rows.map((row) => row.deviceId), owners: rows.map((row) => row.owner), starts },
  )
  return new Set(known.map((row) => row.i))
}

/** Sets the mark by the rule of `laterMark` in rows.ts. */
async function setMark(link: Link, agentId: string, { epoch, seq }: HighWater): Promise<void> {
  const updated = await link.query(
    `UPDATE highWater SET epoch = $epoch, seq = CASE WHEN epoch = $epoch THEN greatest(seq, $seq) ELSE $seq END
     WHERE agentId = $agentId RETURNING agentId`,
    { agentId, epoch, seq },
  )
  if (updated.length === 0) await link.append('highWater', [{ agentId, epoch, seq }])
}
