import { z } from 'zod'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { HttpUrlSchema } from '../../../protocol/kit/fields.ts'
import type { Log } from '../../../protocol/kit/log.ts'
import { SecretSchema } from '../../../protocol/kit/secret.ts'
import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'
import { LEDGER_SUMS } from '../../economics/ledger-row.ts'
import { runsOf } from '../../economics/minute-runs.ts'
import {
  type Append,
  defineStore,
  type GroupBy,
  type HighWater,
  type LedgerBucket,
  type Store,
} from '../../plugin/store.ts'
import { marksAfter, minuteAtOrAfter, thin, withoutDevices } from '../../rows/rows.ts'
import { fromPlain } from '../../rows/text.ts'
import { Turns } from '../../rows/turns.ts'
import { changePoint, influxAccounts, lossPoint, repricingPoint, settlementPoint } from './accounts.ts'
import { InfluxClient, type InfluxOptions } from './client.ts'
import * as points from './points.ts'
import { literal, within } from './query.ts'

const GROUP_TAGS: Record<GroupBy, string | undefined> = {
  workload: 'workload',
  device: 'deviceId',
  agent: 'agentId',
  container: 'container',
  rack: 'rack',
  site: undefined,
}
const SUMS = LEDGER_SUMS.map((name) => `sum(${name}) AS ${name}`).join(', ')

/**
 * Keeps everything in one database of an InfluxDB 1.x, which is created where it is missing. InfluxDB has no transactions;
 * order takes their place: what says that something is there is written after it, so a crash between leaves work to
 * repeat, and repeating it overwrites the same points.
 */
export function createInfluxStore(options: InfluxOptions & { log: Log }): Store {
  const { log, ...connection } = options
  const who = `influx ${new URL(options.url).origin}`
  const settling = new Turns(who)
  const quarantining = new Turns(who)
  const appending = new Turns(who)
  let client: InfluxClient | undefined
  let marks = new Map<string, HighWater>()

  const influx = (): InfluxClient => {
    if (!client) throw new PerwattError('store-closed', `${who}: is closed; open it first`)
    return client
  }
  const appendAll = (parts: readonly Append[]) =>
    appending.take(async () => {
      await influx().write([
        ...parts.flatMap(({ agentId, records }) =>
          records.map((record) => points.intervalPoint({ ...record, agentId })),
        ),
        ...parts.flatMap(({ losses = [] }) => losses.map(lossPoint)),
      ])
      const next = marksAfter(marks, parts)
      await influx().write([...next].map(([agentId, mark]) => points.markPoint(agentId, mark)))
      for (const [agentId, mark] of next) marks.set(agentId, mark)
    })
  const readMarks = async () =>
    new Map((await influx().rows('SELECT epoch, seq, agentId FROM highWater')).map(points.markOf))

  /** [minute, value] of each minute that has points; a part of the range at a time, for the deadline's sake */
  const perMinute = async (value: string, measurement: string, fromMs: number, toMs: number) => {
    const found: [number, number][] = []
    const partMs = minuteAtOrAfter(Math.max(6 * HOUR_MS, (toMs - fromMs) / 100))
    for (let partFromMs = fromMs; partFromMs < toMs; partFromMs += partMs) {
      const range = within(partFromMs, Math.min(toMs, partFromMs + partMs))
      const rows = await influx().rows(
        `SELECT ${value} AS value FROM ${measurement} WHERE ${range} GROUP BY time(1m) fill(none)`,
      )
      for (const row of rows) found.push([row.time, Number(row['value'])])
    }
    return found
  }

  return {
    ...influxAccounts(influx),
    name: 'influx',

    async open() {
      client ??= new InfluxClient(connection)
      await client.open()
      marks = await readMarks()
      log.debug('store.opened', { url: options.url, database: options.database })
    },
    async close() {
      await Promise.all([appending, settling, quarantining].map((turns) => turns.idle()))
      client?.close()
      client = undefined
    },

    append: (agentId, mark, records) => appendAll([{ agentId, mark, records }]),
    appendAll,
    highWaters: async () => readMarks(),
    async intervals(fromMs, toMs) {
      const rows = await influx().rows(`SELECT * FROM interval WHERE ${within(fromMs, toMs)}`)
      return rows.map(points.intervalOf)
    },

    settle: (minutes, rows, settledWith = {}) =>
      settling.take(async () => {
        if (minutes.length === 0) return
        const named = new Set(minutes)
        const [first, last] = [Math.min(...minutes), Math.max(...minutes)]
        const filled = (await perMinute('sum(intervals)', 'ledger', first, last + MINUTE_MS))
          .map(([minute]) => minute)
          .filter((minute) => named.has(minute))
        // what says that a minute is settled goes first and comes last: after a crash between it is settled again
        const marks = withoutDevices(rows).sort((a, b) => a.intervals - b.intervals)
        // the old figures of an audit first: after a crash they could not be read again
        await influx().write((settledWith.changes ?? []).map(changePoint))
        await influx().remove(
          ['rackLedger', 'ledger'].flatMap((measurement) =>
            spans(filled).map((span) => `DELETE FROM ${measurement} WHERE ${span}`),
          ),
        )
        await influx().write([
          ...rows.map((row) => points.ledgerPoint('ledger', row)),
          ...(settledWith.settlements ?? []).map(settlementPoint),
        ])
        await influx().write(marks.map((row) => points.ledgerPoint('rackLedger', row)))
        if (settledWith.repricing) await influx().write([repricingPoint(settledWith.repricing)])
      }),

    async ledger({ fromMs, toMs, stepMs, groupBy }) {
      const tag = GROUP_TAGS[groupBy]
      const rows = await influx().rows(
        `SELECT ${SUMS} FROM ${groupBy === 'device' || groupBy === 'agent' ? 'ledger' : 'rackLedger'} WHERE ${within(fromMs, toMs)} GROUP BY time(${stepMs}ms)${tag ? `, ${tag}` : ''} fill(none)`,
      )
      return rows
        .map(({ time, ...row }) => {
          const { [tag ?? '']: group, ...sums } = row
          return {
            startMs: time,
            group: tag ? fromPlain(String(group ?? '')) : 'site',
            // points of an earlier version have no field for what it did not count
            ...Object.fromEntries(LEDGER_SUMS.map((name) => [name, sums[name] ?? 0])),
          } as LedgerBucket
        })
        .sort((a, b) => a.startMs - b.startMs || (a.group < b.group ? -1 : 1))
    },

    async unsettledMinutes(fromMs, toMs) {
      const range = [minuteAtOrAfter(fromMs), minuteAtOrAfter(toMs)] as const
      const kept = new Map(await perMinute('count(coveredMs)', 'interval', ...range))
      const settled = new Map(await perMinute('sum(intervals)', 'rackLedger', ...range))
      return [...new Set([...kept.keys(), ...settled.keys()])]
        .filter((minute) => (kept.get(minute) ?? 0) !== (settled.get(minute) ?? 0))
        .sort((a, b) => a - b)
    },

    writeSamples: async (samples) => influx().write(samples.map(points.samplePoint)),
    async samples(deviceId, fromMs, toMs, limit) {
      const rows = await influx().rows(
        `SELECT * FROM sample WHERE deviceId = ${literal(deviceId)} AND ${within(fromMs, toMs)}`,
      )
      return thin(rows, limit).map(points.sampleOf)
    },

    writeQuotes: async (quotes) => influx().write(quotes.map(points.quotePoint)),
    quotes: async () => (await influx().rows('SELECT * FROM quote')).map(points.quoteOf),

    quarantine: (entries, keep) =>
      quarantining.take(async () => {
        const [newest] = await influx().rows('SELECT atMs FROM quarantine ORDER BY time DESC LIMIT 1')
        const first = (newest?.time ?? 0) + 1
        const last = first + entries.length - 1
        await influx().write(entries.map((entry, i) => points.quarantinePoint(first + i, entry)))
        await influx().remove([`DELETE FROM quarantine WHERE time <= ${last - keep}ms`])
      }),
    async quarantined(limit) {
      if (limit <= 0) return []
      const rows = await influx().rows(`SELECT * FROM quarantine ORDER BY time DESC LIMIT ${limit}`)
      return rows.map(points.quarantinedOf)
    },

    prune: async (samplesBeforeMs) =>
      influx().remove([`DELETE FROM sample WHERE time < ${Math.ceil(samplesBeforeMs)}ms`]),
  }
}

/** Minutes as conditions on time, one for each run of neighbours. */
const spans = (minutes: readonly number[]): string[] => runsOf(minutes).map(([from, to]) => within(from, to))

export default defineStore({
  name: 'influx',
  summary: 'an InfluxDB 1.x (or 2.x with DBRP mappings) that runs already, or serves several sites',
  settings: z.strictObject({
    url: HttpUrlSchema.describe('address of the InfluxDB: http://127.0.0.1:8086'),
    database: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected 1 to 64 letters, digits, "_" or "-"')
      .default('perwatt')
      .describe('name of the database; created at the first start'),
    username: z.string().min(1).optional().describe('user that may read and write the database'),
    password: SecretSchema.optional().describe('its password: { file: ... } or { env: NAME }'),
  }),
  open: ({ url, database, username, password }, { log }) =>
    createInfluxStore({
      url,
      database,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      log,
    }),
})
