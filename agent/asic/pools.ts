import type { Holder, Owner } from '../../protocol/owner.ts'
import type { AcceptedShares, OwnerCounters } from '../plugin/reading.ts'

/** The pools that a miner works for, and what they have accepted since its start. */
export interface PoolFacts {
  /** the pool that the machine works for now; undefined: none */
  active?: Owner
  /** the pools that it works for in turn, each with its share of the work; absent: `active` has all of it */
  parted?: Holder[]
  /** absent where the reply is cut: a sum over some of the pools would look like a counter reset */
  byOwner?: OwnerCounters[]
  /** absent where the reply is cut, or counts no shares */
  shares?: AcceptedShares
  /**
   * the API has no counter of accepted work for any pool. `acceptedRatio`: accepted shares of all shares, 0 to 1, where the machine
   * gives it; else the session takes it from `shares`
   */
  uncounted?: { acceptedRatio?: number }
  configured: number
  alive: number
  /** the mining algorithm that the machine names beside the active pool */
  algorithm?: string
}

/** One configured pool of a machine. */
export interface StratumPool {
  url: string | undefined
  user: string | undefined
  /** undefined: the machine does not report it for this pool */
  alive: boolean | undefined
  active: boolean
  /** its share of the work, 0 to 1, where the machine works for several pools in turn */
  part?: number | undefined
  /** accepted work since the machine's start, in difficulty-1 shares; not a count of shares, whose difficulty varies */
  workDiff1?: number | undefined
  /** accepted shares of all shares, 0 to 1, where the machine gives it and counts neither */
  acceptedRatio?: number | undefined
}

/**
 * The facts of pools that are listed one by one, outside the cgminer family.
 * @param pools by priority: where several are active without a `part`, the first has the work
 * @param shares that all pools accepted together, where the machine counts them
 */
export function stratumPools(pools: readonly StratumPool[], shares?: AcceptedShares): PoolFacts {
  const named = pools.filter((pool) => pool.url)
  const facts: PoolFacts = {
    configured: named.length,
    alive: named.filter((pool) => pool.alive !== false).length,
  }
  const active = named.find((pool) => pool.active) ?? only(named.filter((pool) => pool.alive !== false))
  if (active) facts.active = poolOwner(active)
  const parted = named.flatMap(({ part, ...pool }) => (part ? [{ owner: poolOwner(pool), share: part }] : []))
  if (parted.length > 0) facts.parted = parted
  const paid = named.flatMap(({ workDiff1, ...pool }) =>
    workDiff1 === undefined ? [] : [{ owner: poolOwner(pool), workDiff1 }],
  )
  if (paid.length > 0 && (!active || active.workDiff1 !== undefined)) facts.byOwner = paid
  else if (named.length > 0) facts.uncounted = uncounted(active?.acceptedRatio)
  if (shares) facts.shares = shares
  return facts
}

/** A list's only item; where there are several, nothing says which one is meant. */
export const only = <T>(items: readonly T[]): T | undefined => (items.length === 1 ? items[0] : undefined)

/** A ratio beyond 0 to 1 is nonsense, and the same as none. */
export const uncounted = (acceptedRatio: number | undefined): NonNullable<PoolFacts['uncounted']> =>
  acceptedRatio !== undefined && acceptedRatio >= 0 && acceptedRatio <= 1 ? { acceptedRatio } : {}

/**
 * @param accepted shares since the miner's start; parts of a share are none
 * @param difficulty of a share now; undefined where it is not reported
 * @param rejected shares since the miner's start; undefined where they are not counted
 */
export const acceptedShares = (
  accepted: number | undefined,
  difficulty?: number,
  rejected?: number,
): AcceptedShares | undefined =>
  accepted === undefined || !Number.isInteger(accepted) || !Number.isInteger(rejected ?? 0)
    ? undefined
    : { accepted, ...(rejected === undefined ? {} : { rejected }), ...(difficulty ? { difficulty } : {}) }

/** The owner of work for a pool account: its URL and user, never the password that some firmware lists beside them. */
export function poolOwner({ url, user }: { url: string | undefined; user: string | undefined }): Owner {
  const owner: Owner = {}
  if (url) owner['poolUrl'] = url.slice(0, 256)
  if (user) owner['poolUser'] = user.slice(0, 256)
  return owner
}
