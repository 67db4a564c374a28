import { z } from 'zod'
import type { PoolDifference } from '../economics/settlement/pool-difference.ts'
import { commonSettings, defineRule, type Finding } from '../plugin/rule.ts'
import { anySilent } from '../plugin/silence.ts'

/** The last 24 h and yesterday: what is older was judged when it was new. */
const JUDGED = 2

const percent = (ratio: number): string => `${(Math.abs(ratio) * 100).toFixed(1)} %`

export const poolDifference = defineRule({
  name: 'pool-difference',
  about:
    'a pool credits less, or more, than the ledger counts over the last 24 h or yesterday; the loss is what is missing',
  settings: z
    .strictObject({
      ...commonSettings({ severity: 'warning', for: '10m', clearFor: '10m' }),
      raise: z.number().positive().default(0.03).describe('part of the ledger’s figure: fires from here'),
      clear: z.number().nonnegative().default(0.02).describe('well below this part'),
      minUsdPerDay: z
        .number()
        .nonnegative()
        .default(10)
        .describe('USD a day: a smaller difference is nobody’s trouble'),
    })
    .refine(({ raise, clear }) => clear <= raise, { path: ['clear'], error: 'is above raise' }),
  judge: (situation, { raise, clear, minUsdPerDay }) =>
    (situation.pools ?? []).map(({ pool, workload, stale, differences }): Finding => {
      const subject = { workload }
      // records that wait at a silent agent are missing from the ledger, not from the pool
      if (stale || anySilent(situation)) return { subject, verdict: 'unknown' }
      const judged = differences
        .slice(0, JUDGED)
        .filter(
          (d): d is PoolDifference & { differenceUsdPerDay: number } => d.differenceUsdPerDay !== undefined,
        )
      // the ledger has nothing where the pool credits something: the whole is the difference
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
