import type { PoolFacts } from './pools.ts'

/** Shares that the ratio is taken over: a moving average of about half an hour. Over time it takes off each rejected share once. */
const WINDOW_SHARES = 200

interface Counts {
  accepted: number
  all: number
}

/** The accepted part of a machine's shares, from its counts since its start. For machines without a counter of accepted work. */
export class AcceptedRatio {
  /** counts at earlier polls, oldest first; the first is where the window begins */
  #marks: Counts[] = [{ accepted: 0, all: 0 }]

  /** Adds the ratio to the facts of pools that lack it and count accepted and rejected shares. */
  fillIn(pools: PoolFacts): PoolFacts {
    const { uncounted, shares } = pools
    if (!uncounted || uncounted.acceptedRatio !== undefined || shares?.rejected === undefined) return pools
    const acceptedRatio = this.#ratio({ accepted: shares.accepted, all: shares.accepted + shares.rejected })
    return acceptedRatio === undefined ? pools : { ...pools, uncounted: { acceptedRatio } }
  }

  /** undefined: there has been no share yet */
  #ratio(now: Counts): number | undefined {
    const newest = this.#marks.at(-1)
    if (!newest || now.all < newest.all || now.accepted < newest.accepted)
      this.#marks = [{ accepted: 0, all: 0 }]
    if (now.all > (this.#marks.at(-1)?.all ?? 0)) this.#marks.push(now)
    while (now.all - (this.#marks[1]?.all ?? now.all) >= WINDOW_SHARES) this.#marks.shift()
    const from = this.#marks[0] ?? { accepted: 0, all: 0 }
    return now.all > from.all ? (now.accepted - from.accepted) / (now.all - from.all) : undefined
  }
}
