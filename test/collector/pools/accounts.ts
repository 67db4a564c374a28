import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Accounts of an invented miner, in the shapes that each pool documents: fixtures/pools. */
export interface Account {
  settings: Record<string, unknown>
  /** by path below the url, or by path and type where one path has several */
  answers: Record<string, object>
}

const FOLDER = join(import.meta.dirname, '../../fixtures/pools')
export const accountOf = (pool: string): Account =>
  JSON.parse(readFileSync(join(FOLDER, `${pool}.json`), 'utf8'))

/** The transaction of its payouts. */
export const TXID = 'b7'.repeat(32)
/** Where OCEAN says its hashrate. */
export const OCEAN_HASHRATE = `/v1/user_hashrate/${accountOf('ocean').settings['address']}`
