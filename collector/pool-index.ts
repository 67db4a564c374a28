// Made by `npm run generate` from the files of the folder; do not edit.
import type { Pool } from './pool.ts'
import antpool from './pools/antpool.ts'
import braiins from './pools/braiins.ts'
import f2pool from './pools/f2pool.ts'
import luxor from './pools/luxor.ts'
import ocean from './pools/ocean.ts'
import viabtc from './pools/viabtc.ts'

export const POOLS: readonly Pool[] = [
  antpool,
  braiins,
  f2pool,
  luxor,
  ocean,
  viabtc,
]
