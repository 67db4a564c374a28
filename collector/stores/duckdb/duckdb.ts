import { resolve } from 'node:path'
import { z } from 'zod'
import type { Quote } from '../../../protocol/quote.ts'
import { MINUTE_MS, minuteAtOrAfter } from '../../../protocol/units.ts'
import { LEDGER_SUMS } from '../../economics/ledger-row.ts'
import type { TrueUp } from '../../economics/true-up.ts'
import {
  type Append,
  type DevicePast,
  defineStore,
  type GroupBy,
  type HighWater,
  type LedgerBucket,
  type OwnerWork,
  type Quarantined,
  type Store,
  type StoredSample,
} from '../../plugin/store.ts'
import { withHeldVersion } from '../../rows/held-version.ts'
import { MarkFile } from '../../rows/mark-file.ts'
import { lastByKey, ofMinutes } from '../../rows/rows.ts'
import { appendAll } from './append.ts'
import { duckdbAudit, writeSettledWith } from './audit.ts'
import { duckdbClaims } from './claims.ts'
import { Database, type DatabaseOptions } from './database.ts'
import { COUNTING, duckdbHeld } from './held.ts'
import { type IntervalRow, intervalOf } from './interval-row.ts'
import { duckdbIssues } from './issues.ts'
import { planRepair } from './repair.ts'
import { Wholeness } from './wholeness.ts'

const GROUP_COLUMNS: Record<GroupBy, string> = {
  workload: 'workload',
  device: 'deviceId',
  agent: 'agentId',
  container: 'container',
  rack: 'rack',
  site: `'site'`,
}
type PastRow = Omit<DevicePast, 'energy'> & Required<DevicePast>['energy']
const SUMS = LEDGER_SUMS.map((name) => `sum(${name}) AS ${name}`).join(', ')
const range = (fromMs: number, toMs: number) => ({ from: Math.ceil(fromMs), to: Math.ceil(toMs) })

export type DuckdbStoreOptions = Omit<DatabaseOptions, 'onCommit'>

/** The embedded store: one DuckDB file; its write-ahead log survives kill -9. For its errors see errors.ts. */
export function createDuckdbStore(options: DuckdbStoreOptions): Store {
  const { path, log, nowMs = Date.now } = options
  const markFile = new MarkFile(`${path}.mark.json`, log)
  const wholeness = new Wholeness({ path, markFile, nowMs, log })
  const database = new Database({ ...options, onCommit: (commits) => wholeness.committed(commits) })
  const append = async (parts: readonly Append[]) =>
    wholeness.appended(await database.write((connection) => appendAll(connection, parts)))
  const highWaters = async () => {
    const rows = await database.read<HighWater & { agentId: string }>('SELECT * FROM highWater')
    return new Map(rows.map(({ agentId, ...mark }) => [agentId, mark]))
  }
  return withHeldVersion({
    ...duckdbAudit(database),
    ...duckdbHeld(database),
    ...duckdbClaims(database),
    ...duckdbIssues(database),
    name: 'duckdb',
    async open() {
      await database.open()
      const gone = await wholeness.opened({ marks: await highWaters(), commits: await database.commits() })
      if (gone.length > 0) await append(gone.map((lost) => ({ ...lost, records: [] })))
    },
    async close() {
      await database.close()
      await markFile.close()
    },
    get warnings() {
      return [...wholeness.warnings, ...database.warnings]
    },

    append: (agentId, mark, records) => append([{ agentId, mark, records }]),
    appendAll: append,
    highWaters,
    async firstRecordMs() {
      const [row] = await database.read<{ ms?: number }>('SELECT min(startMs) AS ms FROM interval')
      return row?.ms
    },
    async newestRecordMs() {
      const [found] = await database.read<{ ms: number | null }>('SELECT max(startMs) AS ms FROM interval')
      return found?.ms ?? undefined
    },
    async intervals(fromMs, toMs, agentId) {
      const own = agentId === undefined ? '' : 'AND agentId = $agentId'
      const rows = await database.read<IntervalRow>(
        `SELECT * FROM ${COUNTING} WHERE startMs >= $from AND startMs < $to ${own} ORDER BY startMs`,
        { ...range(fromMs, toMs), ...(agentId !== undefined && { agentId }) },
      )
      return rows.map(intervalOf)
    },
    async pastOfDevices(fromMs, energyFromMs) {
      const rows = await database.read<PastRow>(
        `SELECT * FROM
           (SELECT agentId, deviceId, max(startMs + durationMs) AS endMs FROM interval
            WHERE startMs >= $since GROUP BY 1, 2)
           LEFT JOIN (SELECT agentId, deviceId, sum(energyMilliJ) AS energyMilliJ,
             coalesce(sum(exportedMilliJ), 0) AS exportedMilliJ, sum(durationMs) AS overMs FROM ${COUNTING}
             WHERE startMs >= $from AND startMs < $to AND energyMilliJ IS NOT NULL GROUP BY 1, 2)
           USING (agentId, deviceId)`,
        { since: Math.ceil(fromMs), ...range(energyFromMs, Number.MAX_SAFE_INTEGER) },
      )
      return rows.map(({ agentId, deviceId, endMs, ...energy }) => ({
        agentId,
        deviceId,
        endMs,
        ...(energy.overMs !== undefined && { energy }),
      }))
    },

    settle: (minutes, rows, settledWith = {}) =>
      database.write(async (connection) => {
        ofMinutes('duckdb', minutes, rows)
        const gone = settledWith.takesBack ? ['ledger', 'heldBack', 'settlement'] : ['ledger', 'heldBack']
        for (const table of gone)
          await connection.query(`DELETE FROM ${table} WHERE minuteMs IN (SELECT unnest($minutes))`, {
            minutes,
          })
        await connection.append('ledger', rows)
        await writeSettledWith(connection, settledWith)
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
           (SELECT startMs - startMs % $minute AS minuteMs, count(*) AS kept FROM ${COUNTING}
            WHERE startMs >= $from AND startMs < $to GROUP BY 1)
           FULL JOIN (SELECT minuteMs, sum(intervals) AS settled FROM ledger
            WHERE minuteMs >= $from AND minuteMs < $to GROUP BY 1) USING (minuteMs)
           LEFT JOIN (SELECT startMs - startMs % $minute AS minuteMs, count(*) AS stored FROM interval
            WHERE startMs >= $from AND startMs < $to GROUP BY 1) USING (minuteMs)
         WHERE coalesce(kept, 0) <> coalesce(settled, 0) AND coalesce(settled, 0) <= coalesce(stored, 0) ORDER BY 1`,
        { minute: MINUTE_MS, ...range(minuteAtOrAfter(fromMs), minuteAtOrAfter(toMs)) },
      )
      return rows.map((row) => row.minuteMs)
    },

    writeTrueUps: (trueUps) =>
      database.write(async (connection) => {
        const unique = lastByKey(trueUps, (t) => `${t.dayMs}\n${t.workload}\n${t.worker}`)
        for (const { workload, worker, dayMs } of unique)
          await connection.query(
            'DELETE FROM trueUp WHERE workload = $workload AND worker = $worker AND dayMs = $dayMs',
            { workload, worker, dayMs },
          )
        await connection.append('trueUp', unique)
      }),
    trueUps: (fromMs, toMs) =>
      database.read<TrueUp>(
        'SELECT * FROM trueUp WHERE dayMs >= $from AND dayMs < $to ORDER BY dayMs, workload, worker',
        range(fromMs, toMs),
      ),
    workByOwner: (workload, fromMs, toMs) =>
      database.read<OwnerWork>(
        `SELECT owner, agentId, deviceId, sum(workDiff1) AS workDiff1, sum(estimatedWorkDiff1) AS estimatedWorkDiff1,
           sum(coveredMs) AS coveredMs, coalesce(stddev_pop(workDiff1), 0) * sqrt(count(*)) AS workScatterDiff1,
           coalesce(sum(coveredMs) FILTER (estimatedWorkDiff1 > 0), 0) AS estimatedCoveredMs
         FROM ledger WHERE workload = $workload AND minuteMs >= $from AND minuteMs < $to AND deviceId <> ''
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
        { workload, ...range(fromMs, toMs) },
      ),

    keepText: (kind, name, text) =>
      database.write(async (connection) => {
        await connection.query('DELETE FROM kept WHERE kind = $kind AND name = $name', { kind, name })
        await connection.append('kept', [{ kind, name, text }])
      }),
    async keptTexts(kind) {
      const rows = await database.read<{ name: string; text: string }>(
        'SELECT name, text FROM kept WHERE kind = $kind',
        { kind },
      )
      return new Map(rows.map(({ name, text }) => [name, text]))
    },

    writeSamples: (samples) => database.write((connection) => connection.append('sample', samples)),
    samples: (deviceId, fromMs, toMs, limit) =>
      // the same ranks as `thin` in rows.ts, computed in the database
      database.read<StoredSample>(
        `SELECT * EXCLUDE (i, n) FROM (
           SELECT *, row_number() OVER (ORDER BY atMs, agentId) - 1 AS i, count(*) OVER () AS n FROM sample
           WHERE deviceId = $deviceId AND atMs >= $from AND atMs < $to)
         WHERE ((i + 1) * $limit) // n > (i * $limit) // n ORDER BY i`,
        { deviceId, limit, ...range(fromMs, toMs) },
      ),
    prune: (samplesBeforeMs) =>
      database.write(async (connection) => {
        await connection.query('DELETE FROM sample WHERE atMs < $before', {
          before: Math.ceil(samplesBeforeMs),
        })
      }),

    writeQuotes: (quotes) =>
      database.write(async (connection) => {
        const unique = lastByKey(quotes, (quote) => `${quote.name}\n${quote.fromMs}`)
        for (const { name, fromMs } of unique)
          await connection.query('DELETE FROM quote WHERE name = $name AND fromMs = $fromMs', {
            name,
            fromMs,
          })
        await connection.append('quote', unique)
      }),
    quotes: () => database.read<Quote>('SELECT * FROM quote ORDER BY fromMs, name'),

    quarantine: (entries, keep) =>
      database.write(async (connection) => {
        const [newest] = await connection.query<{ n: number }>('SELECT max(n) AS n FROM quarantine')
        const first = (newest?.n ?? 0) + 1
        await connection.append(
          'quarantine',
          entries.map((entry, i) => ({ ...entry, n: first + i })),
        )
        await connection.query('DELETE FROM quarantine WHERE n < $oldest', {
          oldest: first + entries.length - keep,
        })
      }),
    quarantined: (limit) =>
      database.read<Quarantined>('SELECT * EXCLUDE (n) FROM quarantine ORDER BY n DESC LIMIT $limit', {
        limit,
      }),
  })
}

export default defineStore({
  name: 'duckdb',
  summary: 'the embedded database: one file, no server to run',
  settings: z.strictObject({
    path: z
      .string()
      .min(1)
      .default('ledger.duckdb')
      .describe('the database file; a relative path begins in the data folder'),
    memoryLimitMb: z
      .number()
      .int()
      .min(64)
      .default(256)
      .describe('memory that the database may use, MB, in addition to the collector’s own'),
  }),
  open: ({ path, memoryLimitMb }, { dataFolder, log }) =>
    createDuckdbStore({ path: resolve(dataFolder, path), memoryLimitMb, log }),
  repair: ({ path, memoryLimitMb }, { dataFolder }) =>
    planRepair({ path: resolve(dataFolder, path), memoryLimitMb, nowMs: Date.now }),
})
