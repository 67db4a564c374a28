import { z } from 'zod'
import { shaped } from './feed-http.ts'

/** A day of blocks: what pools average the fees over. */
const BLOCKS = 144
/** A batch that a node answers well within a poll. */
const AT_ONCE = 24
/** Blocks that a reorganisation may still replace: they are asked for again when there is a new one. */
const UNSURE = 6
const SATOSHIS_PER_BTC = 1e8

const StatsSchema = z.looseObject({ totalfee: z.number().nonnegative() })

/** The fees of the newest blocks, each asked for once. */
export class BlockFees {
  readonly #ask: (heights: readonly number[], signal: AbortSignal) => Promise<readonly unknown[]>
  readonly #satoshis = new Map<number, number>()
  #tip = -1

  /** @param ask `getblockstats` of each height, satoshis in `totalfee` */
  constructor(ask: (heights: readonly number[], signal: AbortSignal) => Promise<readonly unknown[]>) {
    this.#ask = ask
  }

  /** Average fees a block over the newest 144, BTC. What a failed call has learnt is kept for the next. */
  async averageBtc(tip: number, signal: AbortSignal): Promise<number> {
    const first = Math.max(1, tip - BLOCKS + 1)
    for (const height of this.#satoshis.keys())
      if (height < first || (tip !== this.#tip && height > this.#tip - UNSURE)) this.#satoshis.delete(height)
    this.#tip = tip
    const missing = []
    for (let height = tip; height >= first; height--) if (!this.#satoshis.has(height)) missing.push(height)
    for (let i = 0; i < missing.length; i += AT_ONCE) {
      const heights = missing.slice(i, i + AT_ONCE)
      const answers = await this.#ask(heights, signal)
      for (const [n, height] of heights.entries())
        this.#satoshis.set(height, shaped(answers[n], StatsSchema, `getblockstats ${height}`).totalfee)
    }
    const sum = [...this.#satoshis.values()].reduce((total, satoshis) => total + satoshis, 0)
    return sum / (this.#satoshis.size * SATOSHIS_PER_BTC)
  }
}
