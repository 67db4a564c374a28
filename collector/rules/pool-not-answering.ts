import { z } from 'zod'
import type { WorkerComparison } from '../economics/settlement/worker-difference.ts'
import { defineRule, type Finding } from '../plugin/rule.ts'
import type { PoolSituation } from '../plugin/situation.ts'

/** Figures that a text names. */
const NAMED = 3

const minute = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`

export default defineRule({
  name: 'pool-not-answering',
  summary:
    'a pool does not answer, withholds figures (for three polls or an hour), or lists none of the site’s workers; no loss is given',
  defaults: { severity: 'warning', for: '1m', clearFor: '0s' },
  settings: z.strictObject({}),
  judge: ({ pools = [] }) =>
    pools.map((pool): Finding => {
      const subject = { workload: pool.workload }
      const { unanswered, missing = [] } = pool
      const summary = unanswered?.lasts ? noAnswer(pool, unanswered) : withheld(pool)
      if (summary !== undefined) return { subject, verdict: 'bad', summary }
      // a poll that failed once proves nothing
      return { subject, verdict: unanswered || missing.length > 0 ? 'between' : 'good' }
    }),
})

const noAnswer = (
  { pool, workload }: PoolSituation,
  { sinceMs, reason }: NonNullable<PoolSituation['unanswered']>,
): string =>
  `pool ${pool} has not answered since ${minute(sinceMs)}: ${reason}; meanwhile ${workload} and its workers are not compared with it, and estimated work is not trued up`

/** Undefined where it tells all, or lacks it for a short time only. */
function withheld({ pool, workload, missing = [], workers }: PoolSituation): string | undefined {
  const lasting = [
    ...missing
      .filter((one) => one.lasts)
      .map(({ figures, sinceMs, reason }) => `${figures}, since ${minute(sinceMs)}: ${reason}`),
    ...(workers?.noneListed ? [noneListed(workers)] : []),
  ]
  if (lasting.length === 0) return undefined
  const rest = lasting.length - NAMED
  const named = lasting.slice(0, NAMED)
  return `pool ${pool} (${workload}) does not tell, or not wholly: ${named.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`
}

function noneListed({ others }: WorkerComparison): string {
  const names = others.slice(0, NAMED).map((other) => other.worker)
  const listed = names.length > 0 ? `it lists ${names.join(', ')}` : 'its list is empty'
  return `the credit of each worker: no machine here mines under a name of its list (${listed}), so none is compared or trued up; check the account, and give the machines the names of the list`
}
