import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createStore, StoreSchema } from '../../../collector/stores/index.ts'
import { parseConfig } from '../../../protocol/kit/config.ts'
import { SILENT } from '../../../protocol/kit/log.ts'

const parse = (yaml: string) => parseConfig(z.strictObject({ store: StoreSchema }), yaml, 'c.yaml').store

test('the store is DuckDB in the data folder where nothing is said', async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'perwatt-store-config-'))
  const config = parse('')
  expect(config).toEqual(parse('store: { duckdb: {} }'))
  const store = createStore(config, { dataFolder, log: SILENT })
  expect(store.name).toBe('duckdb')
  await store.open()
  await store.close()
  expect((await stat(join(dataFolder, 'ledger.duckdb'))).isFile()).toBe(true)
  await rm(dataFolder, { recursive: true })
})

test('the store is InfluxDB where its address is given', () => {
  const config = parse('store: { influx: { url: "http://influx.example:8086", username: u, password: p } }')
  expect(config).toMatchObject({ influx: { url: 'http://influx.example:8086', database: 'perwatt' } })
  expect(JSON.stringify(config)).toContain('[secret]')
  expect(createStore(config, { dataFolder: '/nowhere', log: SILENT }).name).toBe('influx')
})

test.each([
  ['store: { influx: { url: "influx:8086" } }', 'store.influx.url: expected an http:// or https:// address'],
  ['store: { influx: {} }', 'store.influx.url: is missing'],
  [
    'store: { influx: { url: "http://i", database: "a b" } }',
    'store.influx.database: expected 1 to 64 letters',
  ],
  ['store: { duckdb: { memoryLimitMb: 8 } }', 'store.duckdb.memoryLimitMb: expected at least 64, got 8'],
  ['store: { duckdb: { file: x } }', 'store.duckdb.file: is not a setting here'],
])('%s is refused with the path of the fault', (yaml, message) => {
  expect(() => parse(yaml)).toThrow(message)
})
