// Made by `npm run generate` from the parts in this folder; do not edit.
import type { Pool } from '../plugin/pool.ts'
import antpool from './antpool.ts'
import braiins from './braiins.ts'
import f2pool from './f2pool.ts'
import luxor from './luxor.ts'
import ocean from './ocean.ts'
import viabtc from './viabtc.ts'

export const POOLS: readonly Pool[] = [
  antpool,
  braiins,
  f2pool,
  luxor,
  ocean,
  viabtc,
]
