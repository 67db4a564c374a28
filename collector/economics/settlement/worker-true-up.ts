import { workDiff1OfHashrate } from '../../../protocol/units.ts'
import type { TrueUp } from '../true-up.ts'
import { divided, NO_DOMAINS, type OwnerShare, type Places, type PoolDomains, workOf } from './pool-places.ts'
import { DAY_MS } from './revenue.ts'
import { type CreditedWorker, isClear, matchNames, type NameMatch } from './worker-names.ts'

/** Work in the ledger of one pool user at a pool over a UTC day. */
export interface UserWork {
  workDiff1: number
  estimatedWorkDiff1: number
  /** mined under its name elsewhere, where it can't be known which of it is at this pool; absent: none */
  otherWorkDiff1?: number
  /** mined under its name at this pool and booked in other workloads; absent: none */
  besideWorkDiff1?: number
  /** part of it that is estimated */
  besideEstimatedWorkDiff1?: number
  /** all of the above, had each machine worked the whole day as it did while it was observed; absent: not known */
  wholeDayWorkDiff1?: number
  /** since when in the day the ledger has its machines, Unix ms; absent: all day */
  sinceMs?: number
}

/** More than this many times the ledger's work is another machine's, that mines under the same name elsewhere; or another unit. */
const MOST_TIMES = 3
/**
 * More than this many times what the machines could do in the whole day is that too: a hashrate that firmware shows is off by less, and a second
 * machine under one name makes it twice.
 */
const MOST_OF_WHOLE_DAY = 1.5

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

/** Work of one machine for one owner, with the time over which it was observed. */
export interface ObservedShare extends OwnerShare {
  /** ms; absent: not known */
  coveredMs?: number
}

/**
 * The ledger's work of a workload at a pool by pool user.
 * @param beside the work of all other workloads in the same day: the pool credits a name, wherever its machines stand
 */
export function workByUser(
  owners: readonly ObservedShare[],
  domains: PoolDomains = NO_DOMAINS,
  beside: readonly ObservedShare[] = [],
): Map<string, UserWork> {
  const inside = new Set(owners)
  const users = new Set(ownersByUser(owners).keys())
  const places = divided(ownersByUser([...owners, ...beside]), domains)
  return new Map(
    [...places].filter(([user]) => users.has(user)).map(([user, at]) => [user, workAt(at, inside)]),
  )
}

function workAt({ own, other }: Places<ObservedShare>, inside: ReadonlySet<ObservedShare>): UserWork {
  const counted = own.filter((one) => inside.has(one))
  const beside = own.filter((one) => !inside.has(one))
  const otherWorkDiff1 = workOf(other)
  const besideWorkDiff1 = workOf(beside)
  const all = [...own, ...other]
  return {
    workDiff1: counted.reduce((sum, one) => sum + one.workDiff1, 0),
    estimatedWorkDiff1: estimatedOf(counted),
    ...(otherWorkDiff1 > 0 && { otherWorkDiff1 }),
    ...(besideWorkDiff1 > 0 && { besideWorkDiff1, besideEstimatedWorkDiff1: estimatedOf(beside) }),
    ...(all.every(({ coveredMs }) => coveredMs) && { wholeDayWorkDiff1: wholeDayOf(all) }),
  }
}

const estimatedOf = (owners: readonly OwnerShare[]): number =>
  owners.reduce((sum, one) => sum + one.estimatedWorkDiff1, 0)

const wholeDayOf = (owners: readonly ObservedShare[]): number =>
  owners.reduce((sum, one) => sum + (workOf([one]) * DAY_MS) / Math.min(one.coveredMs ?? DAY_MS, DAY_MS), 0)

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
  const ledgerWorkDiff1 =
    own.workDiff1 + own.estimatedWorkDiff1 + (own.otherWorkDiff1 ?? 0) + (own.besideWorkDiff1 ?? 0)
  const times = poolWorkDiff1 / ledgerWorkDiff1
  const most = (MOST_OF_WHOLE_DAY * (own.wholeDayWorkDiff1 ?? Number.POSITIVE_INFINITY)) / ledgerWorkDiff1
  return times > Math.min(MOST_TIMES, most)
    ? `the pool credits it ${times.toFixed(1)} times the ledger’s work: another machine seems to mine under this name`
    : undefined
}

/**
 * A true-up against the ledger's work: the same credit again, where late records have changed that work. Of a credit for machines of several workloads
 * each gets the part of its estimated work. A part of it beyond that work which may be of what was mined elsewhere under the name, or before the ledger had the
 * machine, is booked for nobody. What is not booked here counts as estimated work.
 */
export function againstLedger(
  base: Omit<TrueUp, 'workDiff1' | 'countedWorkDiff1' | 'estimatedWorkDiff1'>,
  own: UserWork,
): TrueUp {
  const { workDiff1: countedWorkDiff1, estimatedWorkDiff1, otherWorkDiff1 = 0, sinceMs = base.dayMs } = own
  const { besideWorkDiff1 = 0, besideEstimatedWorkDiff1 = 0 } = own
  const { poolWorkDiff1, dayMs } = base
  const before = Math.ceil((poolWorkDiff1 * Math.max(0, sinceMs - dayMs)) / DAY_MS)
  const off = poolWorkDiff1 - countedWorkDiff1 - estimatedWorkDiff1 - besideWorkDiff1
  const part =
    besideEstimatedWorkDiff1 > 0 ? estimatedWorkDiff1 / (estimatedWorkDiff1 + besideEstimatedWorkDiff1) : 1
  const ownOff = Math.trunc(off * part)
  const workDiff1 = ownOff - Math.min(Math.max(0, ownOff), otherWorkDiff1 + before)
  return {
    ...base,
    workDiff1,
    countedWorkDiff1,
    estimatedWorkDiff1: poolWorkDiff1 - countedWorkDiff1 - workDiff1,
  }
}
