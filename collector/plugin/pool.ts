import type { z } from 'zod'
import type { Plugin } from '../../protocol/kit/plugin.ts'
import type { Credit } from '../economics/settlement/pool-credit.ts'

/**
 * The contract of a pool: the API that tells what a mining pool credited and paid. One file each in pools/, which names the
 * document that its shapes come from. A pool is only read: a request that is not in `requests` never leaves.
 */
export interface Pool<S extends z.ZodObject = z.ZodObject> extends Plugin<S> {
  /** address of its API */
  readonly url: string
  /** domains of the hosts that machines mine at; absent: not known */
  readonly domains?: readonly string[]
  /** every request that it can make, by method and path; `*` is one part of a path */
  readonly requests: readonly string[]
  /** the least time between two requests, ms */
  readonly spacingMs: number
  /** how to get a key that can only read; shown where the pool refuses the key */
  readonly keyHelp: string
  /** the pool's reason where an answer with status 200 is a refusal; undefined for any other answer */
  refusal?(answer: unknown): string | undefined
  /** Does no I/O yet: `read` does. */
  open(settings: z.output<S>, context: PoolContext): PoolSession
}

/** One request to a pool: a read, whatever its method. */
export interface PoolRequest {
  /** GET where absent */
  method?: 'GET' | 'POST'
  /** below the pool's `url` */
  path: string
  /** a list stands once for each of its values: `?name=a&name=b` */
  query?: Record<string, string | readonly string[]>
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

export interface PoolContext {
  ask: Ask
  nowMs: () => number
}

export interface PoolSession {
  /**
   * Asks for everything once, each request alone (`eachRequest`): one that fails costs only its own figures, which are `missing`.
   * @throws PerwattError of one line, where none was answered: what, why, what to do next; the signal's reason where it aborts
   */
  read(signal: AbortSignal): Promise<PoolReport>
  /**
   * What the pool credited each worker over the last 24 h. It is asked just after 00:00 UTC, so that this is the UTC day that has ended;
   * never more than once in a poll. Absent: the pool's API does not tell it, or `workersOfDay` tells it better. @throws as `read` does
   */
  workers?(signal: AbortSignal): Promise<WorkerCredit[]>
  /**
   * What the pool credited each worker in a complete UTC day of the last week. Present where its API keeps the days: a day at whose end
   * the collector was down is then read later. @throws as `read` does
   */
  workersOfDay?(dayMs: number, signal: AbortSignal): Promise<WorkerCredit[]>
}

/** One worker's credit over the last 24 h or a UTC day, in base units: its shares or, where the pool does not count them, its average hashrate. */
export interface WorkerCredit {
  /** `account.worker`, or the worker alone, as the pool lists it */
  worker: string
  /** difficulty-1 shares */
  workDiff1?: number | undefined
  hashrateHs?: number | undefined
}

/** What a pool reports of one account, in base units; what it leaves out is absent. */
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
  /** figures that a request of this read did not tell; absent: each was answered */
  missing?: MissingFigures[]
  /** the pool answered some requests, and wants no more for this time */
  retryAfterMs?: number
}

/** Figures that a pool does not tell, or not wholly. */
export interface MissingFigures {
  /** in a person's words: `payouts` */
  figures: string
  /** what is wrong, and what to do next */
  reason: string
}

export interface Payout {
  atMs: number
  amountBtc: number
  /** on chain; absent for a payout of another kind, such as Lightning */
  txid?: string | undefined
}

export const definePool = <S extends z.ZodObject>(pool: Pool<S>): Pool<S> => pool
