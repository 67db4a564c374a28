import { divided, NO_DOMAINS, type PoolDomains } from './pool-places.ts'
import { DAY_MS } from './revenue.ts'
import { type CreditedWorker, isClear, matchNames } from './worker-names.ts'
import { creditedWork, namesText, ownersByUser, unclearText } from './worker-true-up.ts'

/** A pool's newest figure may lack this last part of the time: it counts in windows of some minutes, and answers from a cache. */
const LATE_MS = 15 * 60_000
/** Standard deviations of chance that are no loss: fewer than one worker in 30,000 days is below by chance alone. */
const DEVIATIONS = 4
/** Work that is estimated by the hashrate holds the shares that the pool rejects or gets too late, and the reading's own error. */
const ESTIMATED_OFF_RATIO = 0.03
/** Workers that an answer names, worst first. */
const NAMED = 20

/** The ledger's work of one machine for one owner, difficulty-1 shares. */
export interface MachineWork {
  owner: string
  deviceId: string
  workDiff1: number
  estimatedWorkDiff1: number
  /** observed time, ms */
  coveredMs: number
  /** standard deviation of the counted work */
  workScatterDiff1: number
}

/** A worker that the pool credited less than the ledger counts, beyond what chance and the pool's late windows explain. */
export interface ShortWorker {
  /** several names, where the pool's list does not tell them apart */
  worker: string
  /** machines that mined under its name, in order */
  devices: string[]
  /** counted, and estimated; without true-ups */
  ledgerWorkDiff1: number
  /** part of it that is estimated; absent: none */
  estimatedWorkDiff1?: number
  poolWorkDiff1: number
  /** how the pool tells it; absent: it lists no worker of this name */
  poolBasis?: 'shares' | 'hashrate'
  /** difference that is no loss */
  allowedWorkDiff1: number
  /** ledger less pool */
  shortWorkDiff1: number
  /** what that would have earned, at the ledger's average value of a share; absent: unknown */
  shortUsd?: number
}

/** What a pool credited its workers from `fromMs` to `toMs`, beside the ledger. */
export interface WorkerComparison {
  fromMs: number
  toMs: number
  /** number of workers that could be compared */
  compared: number
  /** the worst first; bounded */
  worst: ShortWorker[]
  /** sums over all that are short, named or not */
  short: { workers: number; workDiff1: number; usd?: number }
  /** credited under names that no machine of the ledger mines under, difficulty-1 shares */
  otherWorkDiff1: number
  /** some of those names, the most work first; bounded */
  others: { worker: string; workDiff1: number }[]
  /** workers of which it can't be known what the pool credited each, and why; bounded */
  unclear: UnclearWorkers[]
  /** why nothing is compared */
  because?: string
  /** true: machines mine, and the pool lists none of their names: it writes them in another way, or credits none of them */
  noneListed?: true
}

export interface UnclearWorkers {
  /** pool users of the ledger */
  workers: string[]
  because: string
}

/** Nothing compared, and why. */
export const notCompared = (fromMs: number, toMs: number, because: string): WorkerComparison => ({
  fromMs,
  toMs,
  compared: 0,
  worst: [],
  short: { workers: 0, workDiff1: 0 },
  otherWorkDiff1: 0,
  others: [],
  unclear: [],
  because,
})

interface Mined {
  devices: string[]
  workDiff1: number
  estimatedWorkDiff1: number
  lateWorkDiff1: number
  variance: number
}

/**
 * Compares each worker's credit over [fromMs, toMs) with the ledger's work under its name. A worker that the pool does not list was
 * credited nothing; work that it credits other names may be another site's, so both are told.
 * @param usdPerDiff1 what one difficulty-1 share earned in the time; undefined: unknown
 */
export function workerDifferences(
  { fromMs, toMs, domains = NO_DOMAINS }: { fromMs: number; toMs: number; domains?: PoolDomains | undefined },
  machines: readonly MachineWork[],
  credits: readonly CreditedWorker[],
  usdPerDiff1: number | undefined,
): WorkerComparison {
  const users = minedByUser(machines, domains)
  const spanMs = toMs - fromMs
  const used = new Set<CreditedWorker>()
  const short: ShortWorker[] = []
  const unclear: UnclearWorkers[] = []
  let compared = 0
  for (const match of matchNames(users.keys(), credits)) {
    const named = match.users
    for (const credit of match.credits) used.add(credit)
    const figures = match.credits.map((credit) => creditedWork(credit, spanMs))
    const told = figures.filter((figure) => figure !== undefined)
    const isTold = told.length === figures.length
    if (!isTold || (match.credits.length > 0 && !isClear(match)))
      unclear.push({
        workers: named.slice(0, NAMED),
        because: isTold ? unclearText(match) : 'the pool lists it without a figure',
      })
    if (!isTold) continue
    compared += named.length
    const basis = match.credits.some((c) => c.workDiff1 === undefined) ? 'hashrate' : 'shares'
    const one = shortOf(namesText(named), together(named.flatMap((user) => users.get(user) ?? [])), {
      // of names that can't be told apart the sums are compared: what is missing in the sum is missing
      pool: told.reduce((sum, figure) => sum + figure, 0),
      basis: match.credits.length > 0 ? basis : undefined,
      spanMs,
      usdPerDiff1,
    })
    if (one) short.push(one)
  }
  const others = credits
    .flatMap((credit) => {
      const workDiff1 = used.has(credit) ? 0 : (creditedWork(credit, spanMs) ?? 0)
      return workDiff1 > 0 ? { worker: credit.worker, workDiff1 } : []
    })
    .sort((a, b) => b.workDiff1 - a.workDiff1)
  const otherWorkDiff1 = others.reduce((sum, other) => sum + other.workDiff1, 0)
  if (users.size > 0 && used.size === 0)
    return {
      ...notCompared(fromMs, toMs, 'the pool lists no worker by a name that a machine mines under'),
      otherWorkDiff1,
      others: others.slice(0, NAMED),
      noneListed: true,
    }
  const workDiff1 = short.reduce((sum, w) => sum + w.shortWorkDiff1, 0)
  return {
    fromMs,
    toMs,
    compared,
    worst: short.sort((a, b) => b.shortWorkDiff1 - a.shortWorkDiff1).slice(0, NAMED),
    short: {
      workers: short.length,
      workDiff1,
      ...(usdPerDiff1 === undefined ? {} : { usd: workDiff1 * usdPerDiff1 }),
    },
    otherWorkDiff1,
    others: others.slice(0, NAMED),
    unclear: unclear.slice(0, NAMED),
  }
}

/** Several users as one. */
const together = (users: readonly Mined[]): Mined =>
  users.reduce((a, b) => ({
    devices: [...a.devices, ...b.devices.filter((device) => !a.devices.includes(device))],
    workDiff1: a.workDiff1 + b.workDiff1,
    estimatedWorkDiff1: a.estimatedWorkDiff1 + b.estimatedWorkDiff1,
    lateWorkDiff1: a.lateWorkDiff1 + b.lateWorkDiff1,
    variance: a.variance + b.variance,
  }))

function shortOf(
  worker: string,
  mined: Mined,
  {
    pool,
    basis,
    spanMs,
    usdPerDiff1,
  }: {
    pool: number
    basis: 'shares' | 'hashrate' | undefined
    spanMs: number
    usdPerDiff1: number | undefined
  },
): ShortWorker | undefined {
  const { devices, workDiff1, estimatedWorkDiff1, lateWorkDiff1, variance } = mined
  const ledgerWorkDiff1 = workDiff1 + estimatedWorkDiff1
  // counted shares are the pool's own: chance is only in those at both ends of the time
  const part = basis === 'shares' ? Math.min(1, (2 * LATE_MS) / spanMs) : 1
  const allowedWorkDiff1 =
    lateWorkDiff1 + DEVIATIONS * Math.sqrt(variance * part) + ESTIMATED_OFF_RATIO * estimatedWorkDiff1
  const shortWorkDiff1 = ledgerWorkDiff1 - pool
  if (!(shortWorkDiff1 > allowedWorkDiff1)) return undefined
  return {
    worker,
    devices,
    ledgerWorkDiff1,
    ...(estimatedWorkDiff1 > 0 && { estimatedWorkDiff1 }),
    poolWorkDiff1: pool,
    ...(basis && { poolBasis: basis }),
    allowedWorkDiff1,
    shortWorkDiff1,
    ...(usdPerDiff1 !== undefined && { shortUsd: shortWorkDiff1 * usdPerDiff1 }),
  }
}

/** The machines' work at the pool by pool user; that of a firmware's dev fee is left out. */
function minedByUser(machines: readonly MachineWork[], domains: PoolDomains): Map<string, Mined> {
  const users = new Map<string, Mined>()
  const worked = machines.filter((m) => m.workDiff1 + m.estimatedWorkDiff1 > 0)
  const places = [...divided(ownersByUser(worked), domains)]
  for (const [user, m] of places.flatMap(([user, { own }]) => own.map((m) => [user, m] as const))) {
    const all = m.workDiff1 + m.estimatedWorkDiff1
    const sum = users.get(user) ?? {
      devices: [],
      workDiff1: 0,
      estimatedWorkDiff1: 0,
      lateWorkDiff1: 0,
      variance: 0,
    }
    if (!sum.devices.includes(m.deviceId)) sum.devices.push(m.deviceId)
    sum.workDiff1 += m.workDiff1
    sum.estimatedWorkDiff1 += m.estimatedWorkDiff1
    // what it does in that time while it runs; a machine that began an hour ago is late by a large part of its work
    sum.lateWorkDiff1 += all * Math.min(1, m.coveredMs > 0 ? LATE_MS / m.coveredMs : 1)
    sum.variance += m.workScatterDiff1 ** 2
    users.set(user, sum)
  }
  return users
}

/** The 24 h to a time, on whole minutes. */
export const dayTo = (nowMs: number): { fromMs: number; toMs: number } => {
  const toMs = Math.floor(nowMs / 60_000) * 60_000
  return { fromMs: toMs - DAY_MS, toMs }
}
