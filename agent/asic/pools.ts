import type { Owner } from '../../protocol/owner.ts'
import type { AcceptedShares } from '../plugin/reading.ts'
import type { PoolFacts } from './cgminer-pools.ts'

/** One configured pool, as a machine that isn't of the cgminer family shows it. */
export interface StratumPool {
  url: string | undefined
  user: string | undefined
  /** undefined: the machine doesn't say it of this one */
  alive: boolean | undefined
  active: boolean
  /** its part of the work, 0 to 1, of a machine that works for several pools in turn */
  part?: number | undefined
  /** accepted work since the machine's start, in difficulty-1 shares; a count of shares is none, their difficulty varies */
  workDiff1?: number | undefined
}

/**
 * Pools in the order of their priority: where several are active without a part each, the first is worked for.
 * @param shares that all of them accepted, where the machine counts them
 */
export function stratumPools(pools: readonly StratumPool[], shares?: AcceptedShares): PoolFacts {
  const named = pools.filter((pool) => pool.url)
  const facts: PoolFacts = {
    configured: named.length,
    alive: named.filter((pool) => pool.alive !== false).length,
  }
  const active = named.find((pool) => pool.active)
  if (active) facts.active = ownerOf(active)
  const parted = named.flatMap(({ part, ...pool }) => (part ? [{ owner: ownerOf(pool), share: part }] : []))
  if (parted.length > 0) facts.parted = parted
  const paid = named.flatMap(({ workDiff1, ...pool }) =>
    workDiff1 === undefined ? [] : [{ owner: ownerOf(pool), workDiff1 }],
  )
  if (paid.length > 0) facts.byOwner = paid
  if (shares) facts.shares = shares
  return facts
}

/** @param accepted since the miner's start @param difficulty that the pool asks now; undefined where it isn't said */
export const acceptedShares = (
  accepted: number | undefined,
  difficulty?: number,
): AcceptedShares | undefined =>
  accepted === undefined ? undefined : { accepted, ...(difficulty ? { difficulty } : {}) }

function ownerOf({ url, user }: StratumPool): Owner {
  const owner: Owner = {}
  if (url) owner['poolUrl'] = url.slice(0, 256)
  if (user) owner['poolUser'] = user.slice(0, 256)
  return owner
}
