import { resolve } from 'node:path'
import { z } from 'zod'
import { HttpUrlSchema } from '../../protocol/kit/fields.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { SecretSchema } from '../../protocol/kit/secret.ts'
import type { Store } from '../plugin/store.ts'
import { createDuckdbStore } from './duckdb/duckdb.ts'
import { createInfluxStore } from './influx/influx.ts'

const DuckdbSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .default('ledger.duckdb')
    .describe('the database file; a relative name is inside the data folder'),
  memoryLimitMb: z
    .number()
    .int()
    .min(64)
    .default(256)
    .describe('MB of memory that the database may use, beside the collector itself'),
})

const InfluxSchema = z.strictObject({
  url: HttpUrlSchema.describe('address of an InfluxDB 1.x: http://127.0.0.1:8086'),
  database: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected 1 to 64 letters, digits, "_" or "-"')
    .default('perwatt')
    .describe('name of the database; created at the first start'),
  username: z.string().min(1).optional().describe('user that may read and write the database'),
  password: SecretSchema.optional().describe('its password: { file: ... } or { env: NAME }'),
})

/** The setting `store:` of the collector. */
export const StoreSchema = z
  .union([
    z.strictObject({ duckdb: DuckdbSchema.describe('the embedded database: one file, nothing to run') }),
    z.strictObject({
      influx: InfluxSchema.describe('an InfluxDB that runs already, or serves several sites'),
    }),
  ])
  .default({ duckdb: { path: 'ledger.duckdb', memoryLimitMb: 256 } })
  .describe('where the ledger is kept: `duckdb` (the default) or `influx`')
export type StoreConfig = z.infer<typeof StoreSchema>

/** The store that the configuration asks for, not opened yet. */
export function createStore(config: StoreConfig, context: { dataFolder: string; log: Log }): Store {
  const { dataFolder, log } = context
  if ('duckdb' in config) {
    const { path, memoryLimitMb } = config.duckdb
    return createDuckdbStore({ path: resolve(dataFolder, path), memoryLimitMb, log })
  }
  const { url, database, username, password } = config.influx
  return createInfluxStore({
    url,
    database,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    log,
  })
}
