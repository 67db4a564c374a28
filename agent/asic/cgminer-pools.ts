import { type Holder, type Owner, ownerKey } from '../../protocol/owner.ts'
import type { AcceptedShares, OwnerCounters } from '../plugin/reading.ts'
import type { CgminerReply } from '../wire/cgminer.ts'
import type { Row } from '../wire/cgminer-text.ts'
import { amount, isTrue, positive, rowsOf, textOf } from '../wire/loose-json.ts'

/** What `pools` says of the work: whom it is for at this moment, and what each owner was credited with since the miner’s start. */
export interface PoolFacts {
  /** the pool that the machine works for; undefined: for none */
  active?: Owner
  /** the pools that it works for in turn, each with its part of the work; absent: `active` has all */
  parted?: Holder[]
  /** absent where the reply is cut: a sum over a part would look like a restart of the counter */
  byOwner?: OwnerCounters[]
  /** absent where the reply is cut, or counts none */
  shares?: AcceptedShares
  configured: number
  alive: number
}

/**
 * `Difficulty Accepted` counts the credited work in difficulty-1 shares. A pool that is listed twice (failover to itself)
 * is one owner, so its rows are added.
 */
export function poolFacts(reply: CgminerReply): PoolFacts {
  const pools = rowsOf(reply.body, 'POOLS')
  const facts: PoolFacts = {
    configured: pools.length,
    alive: pools.filter((p) => /^alive$/i.test(textOf(p, 'Status') ?? 'Alive')).length,
  }
  const active = pools
    .filter((p) => isTrue(p['Stratum Active']) && !isDevFee(p))
    .sort((a, b) => (amount(a, 'Priority') ?? 0) - (amount(b, 'Priority') ?? 0))[0]
  if (active) facts.active = ownerOf(active)
  if (!reply.complete) return facts
  facts.byOwner = counters(pools)
  const shares = sharesOf(pools.filter((pool) => !isDevFee(pool)))
  if (shares) facts.shares = shares
  return facts
}

/** Of the operator's own pools. */
function sharesOf(pools: readonly Row[]): AcceptedShares | undefined {
  const counts = pools.flatMap((pool) => amount(pool, 'Accepted') ?? [])
  if (counts.length === 0) return undefined
  const inUse = pools.filter((pool) => isTrue(pool['Stratum Active']))
  const difficulty = Math.max(...(inUse.length > 0 ? inUse : pools).map(shareDifficulty))
  return { accepted: counts.reduce((a, b) => a + b, 0), ...(difficulty > 0 ? { difficulty } : {}) }
}

/** 0 where the pool says neither what it asks nor what it took. */
function shareDifficulty(pool: Row): number {
  const asked = amount(pool, 'Stratum Difficulty', 'Work Difficulty') ?? inThousands(textOf(pool, 'Diff'))
  const taken = (amount(pool, 'Difficulty Accepted') ?? 0) / (positive(pool, 'Accepted') ?? 1)
  return Math.max(asked, taken)
}

/** `131K`, `1.05M`: the only present difficulty of stock Antminers. */
function inThousands(text = ''): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text) ?? []
  return Number(digits ?? 0) * 1000 ** ' KMGT'.indexOf(unit || ' ')
}

function counters(pools: readonly Row[]): OwnerCounters[] {
  const sums = new Map<string, { owner: Owner; workDiff1: number }>()
  for (const pool of pools) {
    const accepted = amount(pool, 'Difficulty Accepted')
    if (accepted === undefined) continue
    const owner = ownerOf(pool)
    const key = ownerKey(owner)
    sums.set(key, { owner, workDiff1: (sums.get(key)?.workDiff1 ?? 0) + accepted })
  }
  return [...sums.values()]
}

/** Aftermarket firmware lists the pool that its maker is paid through: VNish as URL "DevFee". */
const isDevFee = (pool: Row): boolean =>
  /dev[ _-]?fee/i.test(`${textOf(pool, 'URL') ?? ''} ${textOf(pool, 'User') ?? ''}`)

/** The facts by which the collector knows the owner; never the password that some firmware lists beside them. */
function ownerOf(pool: Row): Owner {
  const owner: Owner = {}
  const url = textOf(pool, 'URL', 'Stratum URL')
  const user = textOf(pool, 'User')
  if (url) owner['poolUrl'] = url.slice(0, 256)
  if (user) owner['poolUser'] = user.slice(0, 256)
  if (isDevFee(pool)) owner['poolRole'] = 'devfee'
  return owner
}
