// Made by `npm run generate` from the parts in this folder; do not edit.
import type { StorePlugin } from '../plugin/store.ts'
import duckdb from './duckdb/duckdb.ts'
import influx from './influx/influx.ts'

export const STORES: readonly StorePlugin[] = [
  duckdb,
  influx,
]
