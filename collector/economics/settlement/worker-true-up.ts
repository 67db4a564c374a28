import { workDiff1OfHashrate } from '../../../protocol/units.ts'
import type { TrueUp } from '../true-up.ts'
import { DAY_MS } from './revenue.ts'

/** Work in the ledger of one pool user over a UTC day. */
export interface UserWork {
  workDiff1: number
  estimatedWorkDiff1: number
}

/** What a pool lists for one worker over a day; `worker` is `account.worker`, or the worker alone. */
export interface CreditedWorker {
  worker: string
  workDiff1?: number | undefined
  hashrateHs?: number | undefined
}

/** More than this many times the ledger's work is another machine's, that mines under the same name elsewhere; or another unit. */
const MOST_TIMES = 3

/** The part of a pool user's name behind its account. */
const workerOf = (user: string): string => user.slice(user.indexOf('.') + 1)

/** The pool user of a ledger key of an owner; undefined where it has none, or is a firmware's dev fee. */
export function userOf(owner: string): string | undefined {
  // the text of ownerKey: facts by name, of which a miner's last is poolUser
  const [, user] = /(?:^|;)poolUser=(.*)$/s.exec(owner) ?? []
  return user && !/(?:^|;)poolRole=devfee(?:;|$)/.test(owner) ? user : undefined
}

/** The ledger's work by pool user; a firmware's dev fee is left out, because another account is credited for it. */
export function workByUser(owners: readonly ({ owner: string } & UserWork)[]): Map<string, UserWork> {
  const users = new Map<string, UserWork>()
  for (const { owner, workDiff1, estimatedWorkDiff1 } of owners) {
    const user = userOf(owner)
    if (user === undefined) continue
    const sum = users.get(user) ?? { workDiff1: 0, estimatedWorkDiff1: 0 }
    sum.workDiff1 += workDiff1
    sum.estimatedWorkDiff1 += estimatedWorkDiff1
    users.set(user, sum)
  }
  return users
}

/** Finds the credit of a pool user: by its whole name, else by its worker's name; `several`: more than one has that, so it is not known whose. */
export function creditFinder(
  credits: readonly CreditedWorker[],
): (user: string) => CreditedWorker | 'several' | undefined {
  const byName = new Map<string, CreditedWorker | 'several'>()
  const byWorker = new Map<string, CreditedWorker | 'several'>()
  for (const credit of credits) {
    const { worker } = credit
    byName.set(worker, byName.has(worker) ? 'several' : credit)
    byWorker.set(workerOf(worker), byWorker.has(workerOf(worker)) ? 'several' : credit)
  }
  return (user) => byName.get(user) ?? byWorker.get(workerOf(user))
}

/**
 * The true-ups of one workload and day: for each pool user with estimated work, what the pool credited beyond the ledger.
 * @param refused called for a credit that the ledger's machines can't have earned
 */
export function workerTrueUps(
  { workload, dayMs }: Pick<TrueUp, 'workload' | 'dayMs'>,
  users: ReadonlyMap<string, UserWork>,
  credits: readonly CreditedWorker[],
  refused: (user: string, times: number) => void = () => {},
): TrueUp[] {
  const creditOf = creditFinder(credits)
  return [...users].flatMap(([worker, own]) => {
    if (!(own.estimatedWorkDiff1 > 0)) return []
    const found = creditOf(worker)
    const credit = found === 'several' ? undefined : found
    const poolWorkDiff1 =
      credit?.workDiff1 ??
      (credit?.hashrateHs === undefined ? undefined : workDiff1OfHashrate(credit.hashrateHs, DAY_MS / 1000))
    if (poolWorkDiff1 === undefined || !(poolWorkDiff1 >= 0)) return []
    const times = poolWorkDiff1 / (own.workDiff1 + own.estimatedWorkDiff1)
    if (times > MOST_TIMES) {
      refused(worker, times)
      return []
    }
    const base = {
      workload,
      worker,
      dayMs,
      poolWorkDiff1: Math.round(poolWorkDiff1),
      poolBasis: credit?.workDiff1 === undefined ? ('hashrate' as const) : ('shares' as const),
    }
    return [againstLedger(base, own)]
  })
}

/** A true-up against the ledger's work: the same credit again, where late records have changed that work. */
export const againstLedger = (
  base: Omit<TrueUp, 'workDiff1' | 'countedWorkDiff1' | 'estimatedWorkDiff1'>,
  { workDiff1: countedWorkDiff1, estimatedWorkDiff1 }: UserWork,
): TrueUp => ({
  ...base,
  workDiff1: base.poolWorkDiff1 - countedWorkDiff1 - estimatedWorkDiff1,
  countedWorkDiff1,
  estimatedWorkDiff1,
})
