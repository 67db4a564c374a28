import { z } from 'zod'
import { defineRule, type Finding } from '../plugin/rule.ts'
import type { PoolSituation } from '../plugin/situation.ts'

/** Figures that a text names. */
const NAMED = 3

const minute = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`

export default defineRule({
  name: 'pool-not-answering',
  summary:
    'a pool does not answer, or refuses some of its figures, for three polls or an hour: what it withholds would not be seen; no loss is given',
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
function withheld({ pool, workload, missing = [] }: PoolSituation): string | undefined {
  const lasting = missing.filter((one) => one.lasts)
  if (lasting.length === 0) return undefined
  const rest = lasting.length - NAMED
  const named = lasting
    .slice(0, NAMED)
    .map(({ figures, sinceMs, reason }) => `${figures}, since ${minute(sinceMs)}: ${reason}`)
  return `pool ${pool} (${workload}) does not tell, or not wholly: ${named.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`
}
