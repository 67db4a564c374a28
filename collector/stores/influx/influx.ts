import { resolve } from 'node:path'
import { z } from 'zod'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { HttpUrlSchema } from '../../../protocol/kit/fields.ts'
import type { Log } from '../../../protocol/kit/log.ts'
import { SecretSchema } from '../../../protocol/kit/secret.ts'
import type { TrueUp } from '../../economics/true-up.ts'
import { defineStore, type Store } from '../../plugin/store.ts'
import { withHeldVersion } from '../../rows/held-version.ts'
import { MarkFile } from '../../rows/mark-file.ts'
import { thin } from '../../rows/rows.ts'
import { SerialQueue } from '../../rows/serial-queue.ts'
import { influxAudit } from './audit.ts'
import { claimRows, influxClaims } from './claims.ts'
import { InfluxClient, type InfluxOptions } from './client.ts'
import { influxHeld } from './held.ts'
import { literal, within } from './influxql.ts'
import { influxIssues } from './issues.ts'
import { influxKept } from './kept.ts'
import { influxLeases } from './leases.ts'
import { influxLedger } from './ledger.ts'
import {
  markRows,
  quarantinedOf,
  quarantinePoint,
  quoteOf,
  quotePoint,
  sampleOf,
  samplePoint,
  trueUpOf,
  trueUpPoint,
} from './points.ts'
import { influxRecords } from './records.ts'
import { Wholeness } from './wholeness.ts'

export interface InfluxStoreOptions extends InfluxOptions {
  log: Log
  nowMs?: () => number
  /** says how far the database was, so that one that comes back empty is noticed at the start too */
  markFile?: MarkFile
}

/**
 * Keeps everything in one database of an InfluxDB 1.x, which is created where it is missing. InfluxDB has no transactions, so the
 * order of writes replaces them: the mark that data is complete is written after the data. A crash in between leaves work to repeat,
 * and repeating it overwrites the same points.
 */
export function createInfluxStore(options: InfluxStoreOptions): Store {
  const { log, nowMs = Date.now, markFile, ...connection } = options
  const who = `influx ${new URL(options.url).origin}`
  const appends = new SerialQueue(who)
  const settling = new SerialQueue(who)
  const quarantining = new SerialQueue(who)
  let client: InfluxClient | undefined
  const influx = (): InfluxClient => {
    if (!client) throw new PerwattError('store-closed', `${who}: is closed; open it first`)
    return client
  }
  const marks = markRows(influx, nowMs)
  const claims = claimRows(influx, nowMs)
  const wholeness = new Wholeness({
    influx,
    who,
    marks,
    claims,
    nowMs,
    log,
    ...(markFile ? { markFile } : {}),
  })

  return withHeldVersion({
    ...influxAudit(influx),
    ...influxClaims(influx, claims),
    ...influxHeld(influx, appends),
    ...influxLedger(influx, settling),
    ...influxIssues(influx),
    ...influxKept(influx, nowMs),
    ...influxRecords({
      influx,
      appends,
      marks,
      check: () => wholeness.check(),
      onMarksRead: () => wholeness.marksRead(),
      onAppended: () => wholeness.appended(),
    }),
    shared: influxLeases(influx, nowMs),
    name: 'influx',
    get keepsMs() {
      return wholeness.keepsMs
    },
    get warnings() {
      return wholeness.warnings
    },
    onEmptied: (listener) => wholeness.onEmptied(listener),
    onOvertaken: (listener) => wholeness.onOvertaken(listener),
    check: () => appends.run(() => wholeness.check()),

    async open(obtain) {
      client ??= new InfluxClient(connection)
      await client.open()
      await obtain?.()
      await wholeness.open()
      log.debug('store.opened', { url: options.url, database: options.database })
    },
    async close() {
      await Promise.all([appends, settling, quarantining].map((queue) => queue.idle()))
      await markFile?.close()
      client?.close()
      client = undefined
    },

    writeSamples: async (samples) => influx().write(samples.map(samplePoint)),
    async samples(deviceId, fromMs, toMs, limit) {
      const rows = await influx().rows(
        `SELECT * FROM sample WHERE deviceId = ${literal(deviceId)} AND ${within(fromMs, toMs)}`,
      )
      return thin(rows, limit).map(sampleOf)
    },
    prune: async (samplesBeforeMs) =>
      influx().remove([`DELETE FROM sample WHERE time < ${Math.ceil(samplesBeforeMs)}ms`]),

    writeQuotes: async (quotes) => influx().write(quotes.map(quotePoint)),
    quotes: async () => (await influx().rows('SELECT * FROM quote')).map(quoteOf),

    writeTrueUps: async (trueUps) => influx().write(trueUps.map(trueUpPoint)),
    async trueUps(fromMs, toMs) {
      const rows = await influx().rows(`SELECT * FROM trueUp WHERE ${within(fromMs, toMs)}`)
      const key = (t: TrueUp) => `${t.workload}\n${t.worker}`
      return rows.map(trueUpOf).sort((a, b) => a.dayMs - b.dayMs || (key(a) < key(b) ? -1 : 1))
    },

    quarantine: (entries, keep) =>
      quarantining.run(async () => {
        const [newest] = await influx().rows('SELECT atMs FROM quarantine ORDER BY time DESC LIMIT 1')
        let timeMs = newest?.time ?? 0
        // each at a time of its own, in their order: none replaces another
        const points = entries.map((entry) => {
          timeMs = Math.max(timeMs + 1, entry.atMs)
          return quarantinePoint(timeMs, entry)
        })
        await influx().write(points)
        const [tooOld] = await influx().rows(
          `SELECT atMs FROM quarantine ORDER BY time DESC LIMIT 1 OFFSET ${keep}`,
        )
        if (tooOld) await influx().remove([`DELETE FROM quarantine WHERE time <= ${tooOld.time}ms`])
      }),
    async quarantined(limit) {
      if (limit <= 0) return []
      const rows = await influx().rows(`SELECT * FROM quarantine ORDER BY time DESC LIMIT ${limit}`)
      return rows.map(quarantinedOf)
    },
  })
}

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
  open: ({ url, database, username, password }, { dataFolder, log }) =>
    createInfluxStore({
      url,
      database,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      log,
      markFile: new MarkFile(resolve(dataFolder, markFileName(url, database)), log),
    }),
})

/** `influx-127.0.0.1_8086-perwatt.mark.json`: another server is another database, which has lost nothing. */
const markFileName = (url: string, database: string): string =>
  `influx-${new URL(url).host.replace(/[^\w.-]/g, '_')}-${database}.mark.json`
