import { z } from 'zod'
import { provenGood, withoutText } from '../judging/proven.ts'
import { defineRule } from '../plugin/rule.ts'

const kW = (w: number): string => `${(w / 1000).toFixed(1)} kW`

export default defineRule({
  name: 'site-power-over-limit',
  summary:
    'the site draws more than its contract allows (site.powerLimitW); no loss is given, since the contract sets the penalty',
  defaults: { severity: 'critical', for: '30s', clearFor: '1m' },
  settings: z
    .strictObject({
      raise: z.number().positive().default(1).describe('part of the limit: fires above this'),
      clear: z.number().positive().default(0.98).describe('part of the limit: well below this'),
    })
    .refine(({ raise, clear }) => clear <= raise, { path: ['clear'], error: 'is above raise' }),
  judge: (situation, { raise, clear }) => {
    const { powerW, powerLimitW, metered } = situation.site
    if (powerLimitW === undefined) return []
    const subject = {}
    if (powerW === undefined) return [{ subject, verdict: 'unknown' }]
    if (powerW <= raise * powerLimitW)
      return [{ subject, verdict: powerW < clear * powerLimitW ? provenGood(situation, metered) : 'between' }]
    const summary = `the site draws ${kW(powerW)}, its limit is ${kW(powerLimitW)}${metered ? '' : withoutText(situation)}`
    return [{ subject, verdict: 'bad', summary }]
  },
})
