import { workDiff1OfHashrate } from '../../../protocol/units.ts'
import type { TrueUp } from '../true-up.ts'
import { divided, type OwnerShare, workOf } from './pool-places.ts'
import { DAY_MS } from './revenue.ts'
import { type CreditedWorker, isClear, matchNames, type NameMatch } from './worker-names.ts'

/** Work in the ledger of one pool user at a pool over a UTC day. */
export interface UserWork {
  workDiff1: number
  estimatedWorkDiff1: number
  /** mined under its name elsewhere, where it can't be known which of it is at this pool; absent: none */
  otherWorkDiff1?: number
  /** since when in the day the ledger has its machines, Unix ms; absent: all day */
  sinceMs?: number
}

/** More than this many times the ledger's work is another machine's, that mines under the same name elsewhere; or another unit. */
const MOST_TIMES = 3

/** The pool user of a ledger key of an owner; undefined where it has none, or is a firmware's dev fee. */
function userOf(owner: string): string | undefined {
  // the text of ownerKey: facts by name, of which a miner's last is poolUser
  const [, user] = /(?:^|;)poolUser=(.*)$/s.exec(owner) ?? []
  return user && !/(?:^|;)poolRole=devfee(?:;|$)/.test(owner) ? user : undefined
}

/** Owners by pool user; a firmware's dev fee is left out, because another account is credited for it. */
export function ownersByUser<T extends { owner: string }>(owners: readonly T[]): Map<string, T[]> {
  const users = new Map<string, T[]>()
  for (const own of owners) {
    const user = userOf(own.owner)
    if (user === undefined) continue
    const list = users.get(user)
    if (list) list.push(own)
    else users.set(user, [own])
  }
  return users
}

/** The ledger's work at a pool by pool user. @param domains those of the pool that are known */
export function workByUser(
  owners: readonly OwnerShare[],
  domains: readonly string[] = [],
): Map<string, UserWork> {
  const places = divided(ownersByUser(owners), domains)
  return new Map(
    [...places].map(([user, { own, other }]) => {
      const otherWorkDiff1 = workOf(other)
      return [
        user,
        {
          workDiff1: own.reduce((sum, one) => sum + one.workDiff1, 0),
          estimatedWorkDiff1: own.reduce((sum, one) => sum + one.estimatedWorkDiff1, 0),
          ...(otherWorkDiff1 > 0 ? { otherWorkDiff1 } : {}),
        },
      ]
    }),
  )
}

/** A user whose estimated work is not trued up, and why. */
export interface NotTruedUp {
  worker: string
  because: string
}

/**
 * The true-ups of one workload and day: for each pool user with estimated work, what the pool credited beyond the ledger. A credit that
 * may be another's, or that the ledger's machines can't have earned, is booked for nobody, and told.
 * @param users all of the day, because each may have an entry of the list
 */
export function workerTrueUps(
  { workload, dayMs }: Pick<TrueUp, 'workload' | 'dayMs'>,
  users: ReadonlyMap<string, UserWork>,
  credits: readonly CreditedWorker[],
): { trueUps: TrueUp[]; not: NotTruedUp[] } {
  const trueUps: TrueUp[] = []
  const not: NotTruedUp[] = []
  for (const match of matchNames(users.keys(), credits))
    for (const worker of match.users) {
      const own = users.get(worker)
      if (!own || !(own.estimatedWorkDiff1 > 0)) continue
      const poolWorkDiff1 = isClear(match) ? creditedWork(match.credits[0], DAY_MS) : undefined
      const because = whyNot(match, poolWorkDiff1, own)
      if (because !== undefined || poolWorkDiff1 === undefined) {
        not.push({ worker, because: because ?? NO_FIGURE })
        continue
      }
      const base = {
        workload,
        worker,
        dayMs,
        poolWorkDiff1: Math.round(poolWorkDiff1),
        poolBasis: match.credits[0]?.workDiff1 === undefined ? ('hashrate' as const) : ('shares' as const),
      }
      trueUps.push(againstLedger(base, own))
    }
  return { trueUps, not }
}

/** Work that a pool lists for a worker over a time, difficulty-1 shares; undefined where it tells none. */
export function creditedWork(credit: CreditedWorker | undefined, spanMs: number): number | undefined {
  const work =
    credit?.workDiff1 ??
    (credit?.hashrateHs === undefined ? undefined : workDiff1OfHashrate(credit.hashrateHs, spanMs / 1000))
  return work !== undefined && work >= 0 ? work : undefined
}

/** Entries and names that a text names. */
const NAMED = 3
const NO_FIGURE = 'the pool lists it without a figure'

/** Some of the names, and how many more there are. */
export const namesText = (names: readonly string[]): string =>
  names.length > NAMED
    ? `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`
    : names.join(', ')

/** Why it can't be known which credit a user has, of a match that is not clear. */
export function unclearText({ users, credits }: NameMatch): string {
  const listed = namesText(credits.map((c) => c.worker))
  return users.length > 1
    ? `the pool lists ${listed}, which may be ${namesText(users)}; give each its own name`
    : `the pool lists ${listed}, and each may be it; give each worker its own name`
}

function whyNot(match: NameMatch, poolWorkDiff1: number | undefined, own: UserWork): string | undefined {
  if (match.credits.length === 0) return 'not in the pool’s list'
  if (!isClear(match)) return unclearText(match)
  if (poolWorkDiff1 === undefined) return NO_FIGURE
  const times = poolWorkDiff1 / (own.workDiff1 + own.estimatedWorkDiff1 + (own.otherWorkDiff1 ?? 0))
  return times > MOST_TIMES
    ? `the pool credits it ${times.toFixed(1)} times the ledger’s work: another machine seems to mine under this name`
    : undefined
}

/**
 * A true-up against the ledger's work: the same credit again, where late records have changed that work. A part of the credit beyond that work which
 * may be of what was mined elsewhere under the name, or before the ledger had the machine, is booked for nobody: it counts as estimated work.
 */
export function againstLedger(
  base: Omit<TrueUp, 'workDiff1' | 'countedWorkDiff1' | 'estimatedWorkDiff1'>,
  { workDiff1: countedWorkDiff1, estimatedWorkDiff1, otherWorkDiff1 = 0, sinceMs = base.dayMs }: UserWork,
): TrueUp {
  const { poolWorkDiff1, dayMs } = base
  const before = Math.ceil((poolWorkDiff1 * Math.max(0, sinceMs - dayMs)) / DAY_MS)
  const beyond = Math.max(0, poolWorkDiff1 - countedWorkDiff1 - estimatedWorkDiff1)
  const held = estimatedWorkDiff1 + Math.min(beyond, otherWorkDiff1 + before)
  return {
    ...base,
    workDiff1: poolWorkDiff1 - countedWorkDiff1 - held,
    countedWorkDiff1,
    estimatedWorkDiff1: held,
  }
}
