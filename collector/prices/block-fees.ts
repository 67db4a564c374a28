import { z } from 'zod'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { shaped } from './feed-http.ts'

/** A day of blocks, over which pools average the fees. */
const BLOCKS = 144
/** Blocks of one request, which a node answers well within a poll. */
const BLOCKS_AT_ONCE = 24
/** Newest blocks that a chain reorganisation may still replace: read again after each new block. */
const UNCONFIRMED_BLOCKS = 6
const SATOSHIS_PER_BTC = 1e8

const StatsSchema = z.looseObject({ totalfee: z.number().nonnegative() })

/** Fees of the newest blocks. Each block is read once, the unconfirmed ones again. */
export class BlockFees {
  readonly #ask: (heights: readonly number[], signal: AbortSignal) => Promise<readonly unknown[]>
  readonly #satoshis = new Map<number, number>()
  #tip = -1

  /** @param ask `getblockstats` of each height, satoshis in `totalfee` */
  constructor(ask: (heights: readonly number[], signal: AbortSignal) => Promise<readonly unknown[]>) {
    this.#ask = ask
  }

  /** Average fees of a block over the newest 144, BTC. After a failed call, the next one reads only the blocks that are missing. */
  async averageBtc(tip: number, signal: AbortSignal): Promise<number> {
    const first = Math.max(1, tip - BLOCKS + 1)
    for (const height of this.#satoshis.keys())
      if (height < first || (tip !== this.#tip && height > this.#tip - UNCONFIRMED_BLOCKS))
        this.#satoshis.delete(height)
    this.#tip = tip
    const missing = []
    for (let height = tip; height >= first; height--) if (!this.#satoshis.has(height)) missing.push(height)
    for (let i = 0; i < missing.length; i += BLOCKS_AT_ONCE) {
      const heights = missing.slice(i, i + BLOCKS_AT_ONCE)
      const answers = await this.#ask(heights, signal)
      for (const [n, height] of heights.entries())
        this.#satoshis.set(height, shaped(answers[n], StatsSchema, `getblockstats ${height}`).totalfee)
    }
    const sum = [...this.#satoshis.values()].reduce((total, satoshis) => total + satoshis, 0)
    // a node that prunes or still indexes may answer 0; a whole day of blocks without a fee does not exist
    if (sum === 0)
      throw new PerwattError(
        'no-fees',
        `the last ${this.#satoshis.size} blocks have no fees; the last fees stay`,
      )
    return sum / (this.#satoshis.size * SATOSHIS_PER_BTC)
  }
}
