import { type Owner, ownerKey } from '../../protocol/owner.ts'
import type { AcceptedShares, OwnerCounters } from '../plugin/reading.ts'
import type { CgminerReply } from '../wire/cgminer/reply.ts'
import { isTrue, nonNegativeOf, positiveOf, type Row, rowsOf, textOf } from '../wire/loose-json/fields.ts'
import { only, type PoolFacts, poolOwner, uncounted } from './pools.ts'

/**
 * The facts of a `pools` reply. `Difficulty Accepted` counts the credited work in difficulty-1 shares. A pool that is listed
 * twice, as its own failover, is one owner: its rows are added.
 */
export function poolFacts(reply: CgminerReply): PoolFacts {
  const pools = rowsOf(reply.body, 'POOLS')
  const own = pools.filter((pool) => !isDevFee(pool))
  const facts: PoolFacts = { configured: pools.length, alive: pools.filter(isAlive).length }
  const active = activeOf(own)
  if (active) facts.active = ownerOf(active)
  // sgminer, for machines of several algorithms
  const algorithm = textOf(active, 'Algorithm')
  if (algorithm) facts.algorithm = algorithm
  if (!reply.complete) return facts
  const byOwner = countsWork(own, active) ? counters(pools) : []
  if (byOwner.length > 0 || pools.length === 0) facts.byOwner = byOwner
  // Auradine and Whatsminer API 2.2 list pools without their accepted difficulty
  else facts.uncounted = uncounted(acceptedPercent(pools))
  const shares = sharesOf(own, facts.uncounted !== undefined)
  if (shares) facts.shares = shares
  return facts
}

const isAlive = (pool: Row): boolean => /^alive$/i.test(textOf(pool, 'Status') ?? 'Alive')

/**
 * Of the pools with a connection that of the first priority. Where the firmware does not tell connections: the only pool that lives, the
 * one that gave the last share, or the one that cgminer's failover works for, which is of the first priority (cgminer's API-README,
 * `pools`: `Last Share Time` in Unix seconds, `Priority` from 0).
 */
function activeOf(own: readonly Row[]): Row | undefined {
  const connected = own
    .filter((pool) => isTrue(pool['Stratum Active']))
    .sort((a, b) => (nonNegativeOf(a, 'Priority') ?? 0) - (nonNegativeOf(b, 'Priority') ?? 0))[0]
  const alive = own.filter(isAlive)
  return (
    connected ??
    only(alive) ??
    foremost(alive, (pool) => positiveOf(pool, 'Last Share Time')) ??
    foremost(alive, (pool) => negated(nonNegativeOf(pool, 'Priority'))) ??
    only(alive.filter((pool) => (nonNegativeOf(pool, 'Accepted') ?? 0) > 0))
  )
}

const negated = (rank: number | undefined): number | undefined => (rank === undefined ? undefined : -rank)

/** The pool with the largest figure; undefined where two have it, or none. */
function foremost(pools: readonly Row[], figure: (pool: Row) => number | undefined): Row | undefined {
  const most = Math.max(...pools.map((pool) => figure(pool) ?? Number.NEGATIVE_INFINITY))
  return only(pools.filter((pool) => figure(pool) === most))
}

/**
 * Whether `Difficulty Accepted` is a counter: some firmware lists it as 0 for ever, beside accepted shares, or not for the pool that it
 * works for.
 */
function countsWork(own: readonly Row[], active: Row | undefined): boolean {
  if (active && nonNegativeOf(active, 'Difficulty Accepted') === undefined) return false
  const sum = (field: string) => total(own.flatMap((pool) => nonNegativeOf(pool, field) ?? []))
  return sum('Accepted') === 0 || sum('Difficulty Accepted') > 0
}

/**
 * @param pools the operator's own, without the dev fee
 * @param uncounted only then the rejected shares matter: accepted work is counted without them
 */
function sharesOf(pools: readonly Row[], uncounted: boolean): AcceptedShares | undefined {
  const counts = pools.flatMap((pool) => nonNegativeOf(pool, 'Accepted') ?? [])
  // one pool's count is missing: the sum of the others would look like a restart, and as if all its shares were rejected
  if (counts.length === 0 || counts.length < pools.length || !counts.every(Number.isInteger)) return undefined
  const inUse = pools.filter((pool) => isTrue(pool['Stratum Active']))
  const difficulty = Math.max(...(inUse.length > 0 ? inUse : pools).map(shareDifficulty))
  const rejects = uncounted ? pools.flatMap((pool) => nonNegativeOf(pool, 'Rejected') ?? []) : []
  return {
    accepted: total(counts),
    ...(rejects.length > 0 ? { rejected: total(rejects) } : {}),
    ...(difficulty > 0 ? { difficulty } : {}),
  }
}

const total = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0)

/** Accepted part of the shares by the active pool's `Pool Rejected%`, where the pools count no rejected shares. */
function acceptedPercent(pools: readonly Row[]): number | undefined {
  if (pools.some((pool) => nonNegativeOf(pool, 'Rejected') !== undefined)) return undefined
  const percent = nonNegativeOf(pools.find((pool) => isTrue(pool['Stratum Active'])) ?? {}, 'Pool Rejected%')
  return percent === undefined ? undefined : 1 - percent / 100
}

/** The larger of the pool's present difficulty and the average of its accepted shares; 0 where neither is known. */
function shareDifficulty(pool: Row): number {
  const present =
    nonNegativeOf(pool, 'Stratum Difficulty', 'Work Difficulty') ?? inThousands(textOf(pool, 'Diff'))
  const average = (nonNegativeOf(pool, 'Difficulty Accepted') ?? 0) / (positiveOf(pool, 'Accepted') ?? 1)
  return Math.max(present, average)
}

/** `131K`, `1.05M`: the form in which stock Antminers give the present difficulty. */
function inThousands(text = ''): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text) ?? []
  return Number(digits ?? 0) * 1000 ** ' KMGT'.indexOf(unit || ' ')
}

function counters(pools: readonly Row[]): OwnerCounters[] {
  const sums = new Map<string, { owner: Owner; workDiff1: number }>()
  for (const pool of pools) {
    const accepted = nonNegativeOf(pool, 'Difficulty Accepted')
    if (accepted === undefined) continue
    const owner = ownerOf(pool)
    const key = ownerKey(owner)
    sums.set(key, { owner, workDiff1: (sums.get(key)?.workDiff1 ?? 0) + accepted })
  }
  return [...sums.values()]
}

/** Aftermarket firmware also lists the pool through which its maker is paid: VNish with the URL "DevFee". */
const isDevFee = (pool: Row): boolean =>
  /dev[ _-]?fee/i.test(`${textOf(pool, 'URL') ?? ''} ${textOf(pool, 'User') ?? ''}`)

const ownerOf = (pool: Row): Owner => ({
  ...poolOwner({ url: textOf(pool, 'URL', 'Stratum URL'), user: textOf(pool, 'User') }),
  ...(isDevFee(pool) && { poolRole: 'devfee' }),
})
