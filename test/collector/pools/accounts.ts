import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** An account of an invented miner, in the shapes that its pool documents: one file for each pool in fixtures/pools. */
export interface Account {
  /** where the shapes of its answers stand */
  source: string
  /**
   * The requests that one read makes, in order; `*` is one part of a path. perwatt can make no others: whoever adds one looks up
   * first what the pool does on it.
   */
  requests: string[]
  settings: Record<string, unknown>
  /** by path below the url, or by path and type where one path has several */
  answers: Record<string, object>
  /** by path as in `answers`: what that answer alone tells, in order, as `each-request.test.ts` names it; needed where there are several */
  tells?: Record<string, string[]>
  /** what it answers on its workers' last 24 h; absent: its API does not tell it. `request` is absent where one read asks it too */
  workers?: { request?: string; answers: Record<string, object> }
}

const FOLDER = join(import.meta.dirname, '../../fixtures/pools')

/** Pools that have a file there. */
export const RECORDED = readdirSync(FOLDER)
  .map((file) => file.replace(/\.json$/, ''))
  .sort()

export const accountOf = (pool: string): Account =>
  JSON.parse(readFileSync(join(FOLDER, `${pool}.json`), 'utf8'))

/** The transaction of its payouts. */
export const TXID = 'b7'.repeat(32)
/** Where OCEAN says its hashrate. */
export const OCEAN_HASHRATE = `/v1/user_hashrate/${accountOf('ocean').settings['address']}`
