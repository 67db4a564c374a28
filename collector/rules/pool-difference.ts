import { z } from 'zod'
import type { PoolDifference } from '../economics/settlement/pool-difference.ts'
import { anySilent } from '../judging/silence.ts'
import { defineRule, type Finding } from '../plugin/rule.ts'

/** The last 24 h and yesterday; earlier days had their turn. */
const JUDGED = 2

const percent = (ratio: number): string => `${(Math.abs(ratio) * 100).toFixed(1)} %`

export default defineRule({
  name: 'pool-difference',
  summary:
    'a pool credits less, or more, than the ledger counts over the last 24 h or yesterday; the loss is what is missing',
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
  judge: (situation, { raise, clear, minUsdPerDay }) =>
    (situation.pools ?? []).map(({ pool, workload, stale, differences }): Finding => {
      const subject = { workload }
      // a silent agent still holds records: the pool has counted their work, the ledger not yet
      if (stale || anySilent(situation)) return { subject, verdict: 'unknown' }
      const judged = differences
        .slice(0, JUDGED)
        .filter(
          (d): d is PoolDifference & { differenceUsdPerDay: number } => d.differenceUsdPerDay !== undefined,
        )
      // no ratio where the ledger has nothing and the pool credits something: all of it is the difference
      const size = (d: PoolDifference) => Math.abs(d.differenceRatio ?? 1)
      const [worst] = judged.sort((a, b) => Math.abs(b.differenceUsdPerDay) - Math.abs(a.differenceUsdPerDay))
      if (!worst) return { subject, verdict: 'unknown' }
      const usd = worst.differenceUsdPerDay
      if (Math.abs(usd) < minUsdPerDay || size(worst) < clear) return { subject, verdict: 'good' }
      if (size(worst) < raise) return { subject, verdict: 'between' }
      const what = worst.basis === 'revenue' ? 'paid' : 'credited'
      const how = `${percent(size(worst))} ${usd < 0 ? 'less' : 'more'} than the ledger counts for ${workload}`
      const day = new Date(worst.toMs).toISOString().slice(0, 16)
      return {
        subject,
        verdict: 'bad',
        summary: `pool ${pool} ${what} ${how} in the 24 h to ${day}Z: ${Math.abs(usd).toFixed(0)} USD a day`,
        lossUsdPerHour: Math.max(0, -usd) / 24,
      }
    }),
})
