import type { Owner } from '../protocol/owner.ts'
import type { PoolFacts } from './wire/cgminer-pools.ts'

/** One configured pool, as a machine that isn't of the cgminer family shows it. */
export interface StratumPool {
  url: string | undefined
  user: string | undefined
  /** undefined: the machine doesn't say it of this one */
  alive: boolean | undefined
  active: boolean
  /** accepted work since the machine's start, in difficulty-1 shares; a count of shares is none, their difficulty varies */
  workDiff1?: number | undefined
}

/** Pools in the order of their priority: where several are active, the first is worked for. */
export function stratumPools(pools: readonly StratumPool[]): PoolFacts {
  const named = pools.filter((pool) => pool.url)
  const facts: PoolFacts = {
    configured: named.length,
    alive: named.filter((pool) => pool.alive !== false).length,
  }
  const active = named.find((pool) => pool.active)
  if (active) facts.active = ownerOf(active)
  const paid = named.flatMap(({ workDiff1, ...pool }) =>
    workDiff1 === undefined ? [] : [{ owner: ownerOf(pool), workDiff1 }],
  )
  if (paid.length > 0) facts.byOwner = paid
  return facts
}

function ownerOf({ url, user }: StratumPool): Owner {
  const owner: Owner = {}
  if (url) owner['poolUrl'] = url.slice(0, 256)
  if (user) owner['poolUser'] = user.slice(0, 256)
  return owner
}
