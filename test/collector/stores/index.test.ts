import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CollectorConfigSchema } from '../../../collector/config/config.ts'
import { STORES } from '../../../collector/stores/index.ts'
import { parseConfig } from '../../../protocol/kit/config.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { pluginNamed } from '../../../protocol/kit/plugin.ts'

const parse = (yaml: string) => parseConfig(CollectorConfigSchema, `site: { id: a }\n${yaml}`, 'c.yaml').store
const open = (config: ReturnType<typeof parse>, dataFolder: string) =>
  pluginNamed(STORES, config.store).open(config, { dataFolder, log: SILENT })

test('the store is DuckDB in the data folder where the configuration names none', async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'perwatt-store-config-'))
  const config = parse('')
  expect(config).toEqual(parse('store: { store: duckdb }'))
  expect(config).toEqual({ store: 'duckdb', path: 'ledger.duckdb', memoryLimitMb: 256 })
  const store = open(config, dataFolder)
  expect(store.name).toBe('duckdb')
  await store.open()
  await store.close()
  expect((await stat(join(dataFolder, 'ledger.duckdb'))).isFile()).toBe(true)
  await rm(dataFolder, { recursive: true })
})

test('the store is InfluxDB where the configuration names it', () => {
  const config = parse(
    'store: { store: influx, url: "http://influx.example:8086", username: u, password: p }',
  )
  expect(config).toMatchObject({ store: 'influx', url: 'http://influx.example:8086', database: 'perwatt' })
  expect(JSON.stringify(config)).toContain('[secret]')
  expect(open(config, '/nowhere').name).toBe('influx')
})

const ALL = STORES.map(({ name }) => name).join(', ')

test.each([
  ['store: { duckdb: {} }', `store.store: is missing; expected one of ${ALL}`],
  ['store: { store: sqlite }', `store.store: expected one of ${ALL}, got sqlite`],
  ['store: duckdb', `store: expected a mapping such as { store: ${STORES[0]?.name} }, got duckdb`],
  ['store: { store: influx, url: "influx:8086" }', 'store.url: expected an http:// or https:// address'],
  ['store: { store: influx }', 'store.url: is missing'],
  ['store: { store: influx, url: "http://i", database: "a b" }', 'store.database: expected 1 to 64 letters'],
  ['store: { store: duckdb, memoryLimitMb: 8 }', 'store.memoryLimitMb: expected at least 64, got 8'],
  ['store: { store: duckdb, file: x }', 'store.file: is not a setting here'],
])('%s is refused with the path of the fault', (yaml, message) => {
  expect(() => parse(yaml)).toThrow(message)
})
