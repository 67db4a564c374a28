import type { z } from 'zod'
import type { Credit } from '../economics/settlement/pool-credit.ts'

/**
 * The contract of a pool: what it says that it credited and paid. One file a pool in pools/, which names the document that
 * its shapes come from. A pool is only read: whatever is not in `asks` is refused before it leaves.
 */
export interface Pool<S extends z.ZodObject = z.ZodObject> {
  /** `braiins`: the `kind` of its configuration */
  readonly name: string
  /** one line for the documentation: which API, which credential */
  readonly summary: string
  /** the pool's own settings; every pool has `url` and `allowPrivate` beside them */
  readonly settings: S
  /** where its API is */
  readonly url: string
  /** every request that it can make, by method and path; `*` is one part of a path */
  readonly requests: readonly string[]
  /** the least time between two requests, ms */
  readonly spacingMs: number
  /** how to come by a key that reads: said where the pool refuses it */
  readonly keyHelp: string
  /** the pool's own word in an answer that refuses with status 200; absent in every other */
  refusal?(answer: unknown): string | undefined
  open(settings: z.output<S>, deps: PoolDeps): PoolSession
}

/** One request to a pool: a read, whatever its method. */
export interface PoolRequest {
  /** GET where absent */
  method?: 'GET' | 'POST'
  /** below the pool's `url` */
  path: string
  query?: Record<string, string>
  headers?: Record<string, string>
  /** sent as JSON */
  json?: unknown
  /** sent as a form */
  form?: Record<string, string>
}

/** Sends a request and reads the answer through a schema. @throws PerwattError */
export type Ask = <T extends z.ZodType>(
  request: PoolRequest,
  schema: T,
  signal: AbortSignal,
) => Promise<z.output<T>>

export interface PoolDeps {
  ask: Ask
  nowMs: () => number
}

export interface PoolSession {
  /** Asks for everything once. @throws PerwattError in one line: what, why, what to do next; the signal's reason at its end */
  read(signal: AbortSignal): Promise<PoolReport>
}

/** What a pool says of one account, in base units; what it does not say is absent. */
export interface PoolReport {
  /** averages over some minutes, an hour and 24 h */
  hashrateHs: { now?: number | undefined; hour?: number | undefined; day?: number | undefined }
  /** the last 24 h first, then complete UTC days, newest first */
  credits: Credit[]
  /** credited since 00:00 UTC */
  todayBtc?: number | undefined
  /** credited and not paid out yet */
  balanceBtc?: number | undefined
  /** newest first */
  payouts: Payout[]
  workers?: { alive?: number | undefined; dead?: number | undefined }
}

export interface Payout {
  atMs: number
  amountBtc: number
  /** on chain; absent where it went another way */
  txid?: string | undefined
}

/** For inference of the settings' type. */
export const definePool = <S extends z.ZodObject>(pool: Pool<S>): Pool<S> => pool
