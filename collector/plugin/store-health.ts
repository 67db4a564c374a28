import type { StoreWarning } from './store.ts'

/** A store that does not do what it is asked: since when, why, and what to do. */
export interface StoreAway {
  /** collector's clock */
  sinceMs: number
  /** `opening`: it has not answered since the start. `writing`: nothing is stored. `reading`: it takes, but does not answer. */
  fails: 'opening' | 'writing' | 'reading'
  /** who and why: `influx http://...: connect ECONNREFUSED` */
  reason: string
  /** `start InfluxDB, or check store.influx.url` */
  cure: string
}

/** How the store is, for alerts, /readyz and status. */
export interface StoreHealth {
  /** absent while it answers */
  away?: StoreAway
  /** what is wrong with it though it answers */
  warnings: readonly StoreWarning[]
}
