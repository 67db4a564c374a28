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

/** A call of the store that fails again and again, or does not end. */
export interface StoreTrouble {
  /** `open`, or the method of the store */
  call: string
  /** in the store's own words, with what to do where it says that */
  reason: string
  /** since it last succeeded, s, by a clock that never steps */
  stillS: number
}

/** A store as it is watched. */
export interface StorePulseSource {
  readonly name: string
  /** calls that succeeded since the start */
  readonly done: number
  /** what fails or hangs longest of these calls; undefined: none does */
  trouble(calls: ReadonlySet<string>): StoreTrouble | undefined
}

/** How the store is, for alerts, /readyz and status. */
export interface StoreHealth {
  /** absent while it answers */
  away?: StoreAway
  /** what is wrong with it though it answers */
  warnings: readonly StoreWarning[]
}
