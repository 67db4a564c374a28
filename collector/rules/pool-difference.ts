import { z } from 'zod'
import type { PoolDifference } from '../economics/settlement/pool-difference.ts'
import type { ShortWorker, WorkerComparison } from '../economics/settlement/worker-difference.ts'
import { isSilent } from '../judging/silence.ts'
import { defineRule, type Finding } from '../plugin/rule.ts'
import type { PoolSituation, Situation } from '../plugin/situation.ts'

/** The last 24 h and yesterday; earlier days had their turn. */
const JUDGED = 2
/** Workers that a text names; the API and the screen name more. */
const NAMED = 3

const percent = (ratio: number): string => `${(Math.abs(ratio) * 100).toFixed(1)} %`

export default defineRule({
  name: 'pool-difference',
  summary:
    'a pool credits an account or its workers less, or an account more, than the ledger counts over the last 24 h or yesterday; the loss is what is missing',
  defaults: { severity: 'warning', for: '10m', clearFor: '10m' },
  settings: z
    .strictObject({
      raise: z.number().positive().default(0.03).describe('part of the ledger’s figure: fires from here'),
      clear: z.number().nonnegative().default(0.02).describe('part of the ledger’s figure: well below this'),
      minUsdPerDay: z
        .number()
        .nonnegative()
        .default(10)
        .describe('USD a day: a smaller difference never fires'),
    })
    .refine(({ raise, clear }) => clear <= raise, { path: ['clear'], error: 'is above raise' }),
  judge: (situation, limits) =>
    (situation.pools ?? []).map((pool): Finding => {
      const subject = { workload: pool.workload }
      if (pool.stale) return { subject, verdict: 'unknown' }
      const account = judgeAccount(pool, limits, (d) => holdsRecords(situation, pool, d))
      const short = shortWorkers(pool, limits.minUsdPerDay)
      if (account.verdict !== 'bad' && !short) return { subject, verdict: account.verdict }
      const whole =
        account.summary ?? `pool ${pool.pool} credits some workers of ${pool.workload} less than is counted`
      return {
        subject,
        verdict: 'bad',
        summary: short ? `${whole}; ${short.summary}` : whole,
        lossUsdPerHour: Math.max(account.lossUsdPerHour ?? 0, short?.usdPerHour ?? 0),
      }
    }),
})

type Limits = { raise: number; clear: number; minUsdPerDay: number }

/**
 * True where a silent agent may hold records of the time: it worked for the pool, and its silence began in the time. The pool has counted
 * their work, the ledger not yet.
 */
const holdsRecords = (
  { agents, nowMs }: Situation,
  { agents: miners }: PoolSituation,
  { fromMs, toMs }: PoolDifference,
): boolean =>
  agents.some((agent) => {
    if (!isSilent(agent) || agent.replaced || miners?.has(agent.agentId) === false) return false
    // never heard since the collector's start: when its silence began is unknown
    if (agent.silentS === undefined) return true
    const sinceMs = nowMs - agent.silentS * 1000
    return sinceMs > fromMs && sinceMs < toMs
  })

/**
 * The whole account against the ledger: the worse of the last 24 h and yesterday. Records that an agent holds only add to the ledger, so
 * what is missing without them is missing in any case; all else is then unknown.
 */
function judgeAccount(
  { pool, workload, differences }: PoolSituation,
  { raise, clear, minUsdPerDay }: Limits,
  isOpen: (difference: PoolDifference) => boolean,
): { verdict: Finding['verdict']; summary?: string; lossUsdPerHour?: number } {
  const judged = differences
    .slice(0, JUDGED)
    .filter((d): d is PoolDifference & { differenceUsdPerDay: number } => d.differenceUsdPerDay !== undefined)
  // no ratio where the ledger has nothing and the pool credits something: all of it is the difference
  const size = (d: PoolDifference) => Math.abs(d.differenceRatio ?? 1)
  const isShort = (d: (typeof judged)[number]) => d.differenceUsdPerDay <= -minUsdPerDay && size(d) >= raise
  const certain = judged.filter((d) => isShort(d) || !isOpen(d))
  const [worst] = certain.sort((a, b) => Math.abs(b.differenceUsdPerDay) - Math.abs(a.differenceUsdPerDay))
  // one that is open may hide a loss, so nothing is well
  if (!worst || (certain.length < judged.length && !certain.some(isShort))) return { verdict: 'unknown' }
  const usd = worst.differenceUsdPerDay
  if (Math.abs(usd) < minUsdPerDay || size(worst) < clear) return { verdict: 'good' }
  if (size(worst) < raise) return { verdict: 'between' }
  const what = worst.basis === 'revenue' ? 'paid' : 'credited'
  const how = `${percent(size(worst))} ${usd < 0 ? 'less' : 'more'} than the ledger counts for ${workload}`
  return {
    verdict: 'bad',
    summary: `pool ${pool} ${what} ${how} in the 24 h to ${minute(worst.toMs)}: ${Math.abs(usd).toFixed(0)} USD a day`,
    lossUsdPerHour: Math.max(0, -usd) / 24,
  }
}

/** The workers that the pool credited too little, worst first; undefined where they miss less than is told. */
function shortWorkers(
  { workers }: PoolSituation,
  minUsdPerDay: number,
): { summary: string; usdPerHour: number } | undefined {
  if (!workers?.short.usd || workers.short.usd < minUsdPerDay) return undefined
  const { short, worst, toMs } = workers
  const named = worst.slice(0, NAMED).map(shortText)
  const rest = short.workers - named.length
  const isUnlisted = worst.some((w) => w.poolBasis === undefined)
  const count = short.workers === 1 ? 'one worker is' : `${short.workers} workers are`
  return {
    summary: `by worker, ${count} short by ${short.usd?.toFixed(0)} USD in the 24 h to ${minute(toMs)}: ${named.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}${isUnlisted ? othersText(workers) : ''}`,
    // the comparison is of 24 h
    usdPerHour: (short.usd ?? 0) / 24,
  }
}

/** A worker that is not listed may be credited under another name, or lost: a person can tell by the names. */
function othersText({ otherWorkDiff1, others }: WorkerComparison): string {
  if (!(otherWorkDiff1 > 0)) return ''
  const names = others.slice(0, NAMED).map((other) => other.worker)
  const rest = others.length > names.length ? ' and more' : ''
  return `; the pool credits ${otherWorkDiff1.toPrecision(3)} difficulty-1 shares to names that no machine here mines under (${names.join(', ')}${rest}): give the machines the names of the pool’s list, or find out whose those are`
}

function shortText(w: ShortWorker): string {
  const [first = '', ...others] = w.devices
  const devices = others.length === 0 ? first : `${first} and ${others.length} more`
  const usd = w.shortUsd === undefined ? '' : `, ${w.shortUsd.toFixed(2)} USD`
  const what =
    w.poolBasis === undefined
      ? 'not in the pool’s list'
      : `${percent(w.shortWorkDiff1 / w.ledgerWorkDiff1)} less`
  return `${w.worker} (${devices}) ${what}, ${w.shortWorkDiff1.toPrecision(3)} difficulty-1 shares${usd}`
}

const minute = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`
