import type { Random } from '../base/random.ts'

export interface PoolAccount {
  /** such as stratum+tcp://btc.pool.example:3333 */
  url: string
  user: string
}

/** Shares since the miner program started. */
export interface Shares {
  accepted: number
  rejected: number
  difficultyAccepted: number
  difficultyRejected: number
  best: number
  /** s after the start; absent before the first */
  lastAtS?: number
}

const REJECTED_RATIO = 0.001

const noShares = (): Shares => ({
  accepted: 0,
  rejected: 0,
  difficultyAccepted: 0,
  difficultyRejected: 0,
  best: 0,
})

/** Name under which aftermarket firmware lists its maker's pool. */
export const DEV_FEE = 'DevFee'

/** A machine's shares. They go to the first pool that answers, and a part (the dev fee) to the maker of its firmware. */
export class Stratum {
  readonly pools: readonly [PoolAccount, ...PoolAccount[]]
  /** shares of all pools together, including the maker's */
  shares = noShares()
  /** difficulty-1 shares that each pool accepted since the simulation began, over all reboots, by URL */
  readonly paidDiff1 = new Map<string, number>()
  #ofPool: Shares[]
  #ofMaker = noShares()
  readonly #feeRatio: number
  readonly #down = new Set<number>()
  #strangers = false
  readonly #random: Random

  constructor(pools: Stratum['pools'], feeRatio: number, random: Random) {
    this.pools = pools
    this.#feeRatio = feeRatio
    this.#random = random
    this.#ofPool = pools.map(noShares)
  }

  /** index of the pool that is mined at; 0 where all are down, because the machine keeps trying the first */
  get active(): number {
    const up = this.pools.findIndex((_, i) => !this.#down.has(i))
    return Math.max(0, up)
  }

  isAlive(pool: number): boolean {
    return !this.#down.has(pool)
  }

  sharesOf(pool: number): Shares {
    return this.#ofPool[pool] ?? noShares()
  }

  /** shares of the firmware's maker; absent: there is no dev fee */
  get feeShares(): Shares | undefined {
    return this.#feeRatio > 0 ? this.#ofMaker : undefined
  }

  lose(pool: number): void {
    this.#down.add(pool)
  }

  restore(pool: number): void {
    this.#down.delete(pool)
  }

  /** From now on the pools reject all shares because they don't know the worker; they stay connected. The maker's pool accepts its part. */
  disown(): void {
    this.#strangers = true
  }

  own(): void {
    this.#strangers = false
  }

  /** Resets the counters, as a start of the miner program does. */
  restart(): void {
    this.shares = noShares()
    this.#ofPool = this.pools.map(noShares)
    this.#ofMaker = noShares()
  }

  /** Starts counting `paidDiff1`: shares from before the simulation don't count. */
  beginTruth(): void {
    this.paidDiff1.clear()
    this.paidDiff1.set(this.pools[0].url, 0)
  }

  take(found: number, difficulty: number, uptimeS: number): void {
    if (found === 0 || this.#down.size === this.pools.length) return
    const fee = this.#feeRatio > 0 ? Math.min(found, this.#random.poisson(found * this.#feeRatio)) : 0
    const { active } = this
    const rejected = this.#strangers ? 1 : REJECTED_RATIO
    this.#credit(found - fee, difficulty, uptimeS, rejected, this.#ofPool[active], this.pools[active]?.url)
    this.#credit(fee, difficulty, uptimeS, REJECTED_RATIO, this.#ofMaker, DEV_FEE)
  }

  #credit(
    found: number,
    difficulty: number,
    uptimeS: number,
    rejectedRatio: number,
    own = noShares(),
    url = '',
  ): void {
    if (found === 0) return
    const accepted = rejectedRatio < 1 ? Math.max(0, found - this.#random.poisson(found * rejectedRatio)) : 0
    // the best of n shares has about n times the difficulty, with a long tail upwards
    const best = Math.floor((difficulty * found) / (1 - this.#random.next() * 0.999))
    for (const shares of [this.shares, own]) {
      shares.accepted += accepted
      shares.difficultyAccepted += accepted * difficulty
      shares.rejected += found - accepted
      shares.difficultyRejected += (found - accepted) * difficulty
      shares.best = Math.max(shares.best, best)
      if (accepted > 0) shares.lastAtS = uptimeS
    }
    this.paidDiff1.set(url, (this.paidDiff1.get(url) ?? 0) + accepted * difficulty)
  }
}
