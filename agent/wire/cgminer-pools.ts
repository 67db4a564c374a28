import { type Owner, ownerKey } from '../../protocol/owner.ts'
import type { OwnerCounters } from '../driver.ts'
import type { CgminerReply } from './cgminer.ts'
import { amount, isTrue, rowsOf, textOf } from './cgminer-fields.ts'
import type { Row } from './cgminer-text.ts'

/** What `pools` says of the work: whom it is for at this moment, and what each owner was credited with since the miner’s start. */
export interface PoolFacts {
  /** the pool that the machine works for; undefined: for none */
  active?: Owner
  /** absent where the reply is cut: a sum over a part would look like a restart of the counter */
  byOwner?: OwnerCounters[]
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
  if (reply.complete) facts.byOwner = counters(pools)
  return facts
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
