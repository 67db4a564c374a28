import { z } from 'zod'
import { defineRule, type Finding } from '../plugin/rule.ts'

const kW = (w: number): string => `${(Math.abs(w) / 1000).toFixed(1)} kW`

export default defineRule({
  name: 'meters-disagree',
  summary:
    'a meter shows less than the machines behind it report, or two meters of the same energy differ; the difference is unaccounted, and no loss is given',
  defaults: { severity: 'warning', for: '5m', clearFor: '5m' },
  settings: z
    .strictObject({
      raise: z
        .number()
        .positive()
        .default(0.03)
        .describe('part of what flows behind the meter: fires above this'),
      clear: z
        .number()
        .nonnegative()
        .default(0.02)
        .describe('part of what flows behind the meter: well below this'),
      minKw: z.number().nonnegative().default(0.1).describe('kW: a smaller difference never fires'),
    })
    .refine(({ raise, clear }) => clear <= raise, { path: ['clear'], error: 'is above raise' }),
  judge: ({ meters = [] }, { raise, clear, minKw }) =>
    meters.map(({ agentId, deviceId, powerW, restW, throughW = Math.abs(powerW) }): Finding => {
      const subject = { agentId, deviceId }
      const size = Math.abs(restW)
      if (size < clear * throughW || size < minKw * 1000) return { subject, verdict: 'good' }
      if (size <= raise * throughW) return { subject, verdict: 'between' }
      if (powerW < 0 && restW < 0)
        return {
          subject,
          verdict: 'bad',
          summary: `meter ${deviceId} exports ${kW(powerW)}, and the own generation that is measured behind it is ${kW(restW)} too little for that; set generates on the meter of each source`,
        }
      const report = `reports ${kW(restW)} ${restW < 0 ? 'more' : 'less'}`
      return {
        subject,
        verdict: 'bad',
        summary: `meter ${deviceId} reads ${kW(powerW)}, what is behind it ${report}; check meteredBy and the meter's ratio`,
      }
    }),
})
