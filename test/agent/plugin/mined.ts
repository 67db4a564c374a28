import type { Reading } from '../../../agent/plugin/reading.ts'
import { WorkCheck } from '../../../agent/plugin/work-check.ts'
import { createRandom } from '../../../agent/simulator/base/random.ts'
import { HASHES_PER_DIFF1 } from '../../../protocol/units.ts'

export const OWNER = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'acme.r1' }

export interface Miner {
  hashrateHs: number
  difficulty: number
  pollS: number
  hours: number
  seed: number
  /** what the counter shows for each accepted share */
  counts: (difficulty: number) => number
  /** accepted part of the shares */
  accepted?: number
  /** the hashrate that it shows after so many seconds, as part of its own */
  shown?: (s: number) => number
  /** what it hashes with, as part of its own */
  hashes?: (s: number) => number
  uptimeS?: number
  /** counted shares for each accepted one */
  sharesCounted?: number
  /** the pool's answers arrive at this time */
  answered?: (s: number) => number
  /** whether the list of the pools is told */
  told?: (s: number) => boolean
  /** whether the hashrate that is expected of it is known */
  expected?: boolean
  /** the difficulty of a share, as part of its own */
  factor?: (s: number) => number
}

/** A miner whose shares come at random (Poisson), poll by poll, as the check lets it through. */
export function* mined(miner: Miner) {
  const { hashrateHs, difficulty, pollS, hours, seed, counts, accepted = 1 } = miner
  const { shown = () => 1, hashes = () => 1, uptimeS = 1e5, sharesCounted = 1, answered = (s) => s } = miner
  const { expected = false, told = () => true, factor = () => 1 } = miner
  const { next: random, exponential } = createRandom(seed)
  const perS = hashrateHs / HASHES_PER_DIFF1 / difficulty
  const check = new WorkCheck()
  let workDiff1 = 7e9
  let shares = 1000
  const waiting: number[] = []
  // of the shares that may come so much faster, these do
  const fastest = miner.factor ? 64 : 8
  let nextS = exponential(1 / perS / fastest)
  for (let s = pollS; s <= hours * 3600; s += pollS) {
    for (; nextS <= s; nextS += exponential(1 / perS / fastest))
      if (random() < (accepted * hashes(nextS)) / fastest / factor(nextS)) waiting.push(answered(nextS))
    while ((waiting[0] ?? Number.POSITIVE_INFINITY) <= s) {
      workDiff1 += counts(difficulty * factor(waiting.shift() ?? 0))
      shares += sharesCounted
    }
    const reading: Reading = {
      identity: { kind: 'asic', ...(expected && { expectedHashrateHs: hashrateHs }) },
      sample: {
        state: 'hashing',
        hashrateHs: hashrateHs * shown(s) * (0.9 + 0.2 * random()),
        uptimeS: uptimeS + s,
        holders: [{ owner: OWNER, share: 1 }],
      },
      ...(told(s) && {
        counters: { byOwner: [{ owner: OWNER, workDiff1 }] },
        shares: { accepted: shares, difficulty: difficulty * factor(s) },
      }),
    }
    yield { s, reading, checked: check.checked(reading, s * 1000) }
  }
}

export const S21 = {
  hashrateHs: 200e12,
  difficulty: 500_000,
  pollS: 10,
  hours: 2,
  seed: 7,
  counts: (d: number) => d,
}
