import { z } from 'zod'
import { UNPAID } from '../economics/unpaid.ts'
import { provenGood, withoutText } from '../judging/proven.ts'
import { defineRule } from '../plugin/rule.ts'

const unpaid: ReadonlySet<string> = new Set(Object.values(UNPAID))

export default defineRule({
  name: 'margin-below-zero',
  summary: 'a workload earns less than its energy costs; the loss is the difference',
  defaults: { severity: 'warning', for: '2m', clearFor: '2m' },
  settings: z
    .strictObject({
      raise: z.number().default(0).describe('USD/h net: fires below this'),
      clear: z.number().default(0.01).describe('USD/h net: well above this'),
    })
    .refine(({ raise, clear }) => clear >= raise, { path: ['clear'], error: 'is below raise' }),
  judge: (situation, { raise, clear }) =>
    situation.workloads
      .filter(({ workload }) => !unpaid.has(workload))
      .map(({ workload, netUsdPerH, powerW }) => {
        const subject = { workload }
        // a workload without power costs nothing, however little it earns
        if (netUsdPerH > clear || (powerW <= 0 && netUsdPerH >= raise))
          return { subject, verdict: provenGood(situation) }
        if (netUsdPerH >= raise) return { subject, verdict: 'between' }
        return {
          subject,
          verdict: 'bad',
          summary: `${workload} earns ${(-netUsdPerH).toFixed(2)} USD/h less than its energy costs${withoutText(situation)}`,
          lossUsdPerHour: -netUsdPerH,
        }
      }),
})
