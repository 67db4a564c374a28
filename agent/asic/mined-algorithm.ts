import { CONTRADICTING_SIGNS, PAYS_OTHER_COIN, UNKNOWN_ALGORITHM } from '../../protocol/device.ts'
import { HASHES_PER_DIFF1 } from '../../protocol/units.ts'
import { UNPAID_FAULTS } from '../../protocol/unpaid-faults.ts'
import type { AsicFacts } from './facts.ts'
import { algorithmNamed, algorithmOfLine, isOtherSha256Coin, SHA256 } from './models/mining-algorithms.ts'
import { coinOfPool, type PoolCoin } from './models/pool-coins.ts'

/** Above this, accepted shares stand for more hashes than the machine can have computed, in whatever luck: another algorithm's shares do. */
const SHARES_PER_HASH = 1000
/** Fewer shares, or a shorter time, may be luck. */
const LEAST_SHARES = 5
const LEAST_S = 600

/**
 * What one machine hashes. Bitcoin pays for SHA-256 alone, so a machine must show that it is one: by its own words, by its maker's
 * line, by firmware that no other machine runs, or by its pool. What is known once stays known while replies are missing.
 */
export class MinedAlgorithm {
  #known: string | undefined
  /** whether its pool says that it is no Bitcoin */
  #isRefused = false

  /** @returns undefined for SHA-256; `unknown` where nothing shows it, or it is paid in another coin */
  of(facts: AsicFacts): string | undefined {
    // a pool that is not told this time is the one that it was
    if (!this.#isRefused || facts.pools?.active !== undefined) {
      this.#known = shown(facts) ?? this.#known
      this.#isRefused = contradictionOf(facts) !== undefined
    }
    const { model, sha256Only } = facts
    const sure = sha256Only || algorithmOfLine(model) === SHA256
    const algorithm = !sure && sharesSayOther(facts) ? otherThanSha256(this.#known) : this.#known
    return algorithm === SHA256 ? undefined : (algorithm ?? UNKNOWN_ALGORITHM)
  }
}

/**
 * What shows the algorithm, the strongest first. The machine's own signs (`of: facts`) are held against each other: one for another
 * algorithm counts more than those for SHA-256, because SHA-256 is what firmware names by habit. A pool's sure sign for another
 * algorithm contradicts SHA-256: then it is unknown, until the configuration says it. What a pool says counts alone where the machine
 * shows nothing.
 */
const OWN_SIGNS: readonly { sign: string; of: (facts: AsicFacts) => string | undefined }[] = [
  { sign: 'its own word', of: ({ algorithm }) => algorithmNamed(algorithm) },
  { sign: 'its word beside the pool', of: ({ pools }) => algorithmNamed(pools?.algorithm) },
  { sign: 'its maker’s line', of: ({ model }) => algorithmOfLine(model) },
  { sign: 'its firmware', of: ({ sha256Only }) => (sha256Only ? SHA256 : undefined) },
]

function shown(facts: AsicFacts): string | undefined {
  const own = ownSign(facts)
  const pool = poolCoin(facts)
  if (contradictionOf(facts)) return UNKNOWN_ALGORITHM
  return own?.algorithm ?? pool?.algorithm
}

interface Sign {
  algorithm: string
  sign: string
}

const ownSigns = (facts: AsicFacts): Sign[] =>
  OWN_SIGNS.flatMap(({ sign, of }) => {
    const algorithm = of(facts)
    return algorithm === undefined ? [] : [{ algorithm, sign }]
  })

function ownSign(facts: AsicFacts): Sign | undefined {
  const signs = ownSigns(facts).map(({ algorithm, sign }) => ({
    sign,
    algorithm: isOtherSha256Coin(algorithm) ? SHA256 : algorithm,
  }))
  return (
    signs.find(({ algorithm }) => algorithm !== SHA256 && algorithm !== UNKNOWN_ALGORITHM) ??
    signs.find(({ algorithm }) => algorithm === SHA256) ??
    signs[0]
  )
}

const poolCoin = ({ pools }: AsicFacts): PoolCoin | undefined =>
  coinOfPool(pools?.active?.['poolUrl'], pools?.active?.['poolUser'])

/** What contradicts that a machine mines Bitcoin, though it shows that it does, or shows nothing, for the operator; undefined: nothing. */
export function contradictionOf(facts: AsicFacts): string | undefined {
  const [own, pool] = [ownSign(facts), poolCoin(facts)]
  const canBeSha256 = own === undefined || own.algorithm === SHA256 || own.algorithm === UNKNOWN_ALGORITHM
  const coin = [...ownSigns(facts), ...(pool ? [pool] : [])].find((sign) => isOtherSha256Coin(sign.algorithm))
  if (canBeSha256 && coin)
    return `${PAYS_OTHER_COIN}, so ${UNPAID_FAULTS.earnsNothing} as Bitcoin: ${coin.sign} says ${coin.algorithm}; set algorithm: sha256 where it pays in bitcoin, else algorithm: ${coin.algorithm} and usdPerDeviceDay of its workload`
  if (own?.algorithm !== SHA256 || !pool?.sure || pool.algorithm === SHA256) return undefined
  return `${CONTRADICTING_SIGNS}: ${own.sign} says ${SHA256}, but ${pool.sign} says ${pool.algorithm}`
}

const otherThanSha256 = (known: string | undefined): string =>
  known === undefined || known === SHA256 ? UNKNOWN_ALGORITHM : known

/**
 * A Litecoin share of difficulty 1 stands for 2^16 hashes, a Bitcoin share for 2^32. Shares for a thousand or a million times the
 * hashrate say something else: that the hashrate's unit is wrong.
 */
function sharesSayOther(facts: AsicFacts): boolean {
  const ratio = sharesPerHash(facts)
  return ratio !== undefined && ratio > SHARES_PER_HASH && unitByShares(facts) === undefined
}

/** The hashes of its accepted shares, as Bitcoin's, by those of its hashrate; undefined where luck may play a part. */
function sharesPerHash({ pools, uptimeS = 0, ...rates }: AsicFacts): number | undefined {
  const { hashrateHs = 0, hashrateAvgHs = 0, expectedHashrateHs = 0 } = rates
  const fastestHs = Math.max(hashrateHs, hashrateAvgHs, expectedHashrateHs)
  const { byOwner = [], shares } = pools ?? {}
  if (uptimeS < LEAST_S || (shares?.accepted ?? 0) < LEAST_SHARES || fastestHs === 0) return undefined
  const workDiff1 = byOwner.reduce((sum, owner) => sum + (owner.workDiff1 ?? 0), 0)
  return (workDiff1 * HASHES_PER_DIFF1) / (fastestHs * uptimeS)
}

/** A few shares are this lucky at most. */
const LUCK = 3
/** By so much a wrong unit makes a hashrate too low. */
const UNITS = [1e3, 1e6]

/** By how much its accepted shares say that the hashrate is too low, where that is a unit's factor; undefined: they do not. */
export function unitByShares(facts: AsicFacts): number | undefined {
  const ratio = sharesPerHash(facts) ?? 0
  return UNITS.find((unit) => ratio > unit / LUCK && ratio < unit * LUCK)
}
