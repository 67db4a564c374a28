import { z } from 'zod'
import { commonSettings, defineRule, type Finding } from '../plugin/rule.ts'

const kW = (w: number): string => `${(Math.abs(w) / 1000).toFixed(1)} kW`

export const metersDisagree = defineRule({
  name: 'meters-disagree',
  about:
    'a meter shows less than the machines behind it claim, or two meters read the same and differ; the difference is unaccounted, and no loss is given',
  settings: z
    .strictObject({
      ...commonSettings({ severity: 'warning', for: '5m', clearFor: '5m' }),
      raise: z.number().positive().default(0.03).describe('part of the meter’s reading: fires above this'),
      clear: z.number().nonnegative().default(0.02).describe('well below this part'),
      minKw: z.number().nonnegative().default(0.1).describe('kW: a smaller difference is nobody’s trouble'),
    })
    .refine(({ raise, clear }) => clear <= raise, { path: ['clear'], error: 'is above raise' }),
  judge: ({ meters = [] }, { raise, clear, minKw }) =>
    meters.map(({ agentId, deviceId, powerW, restW }): Finding => {
      const subject = { agentId, deviceId }
      const size = Math.abs(restW)
      if (size < clear * powerW || size < minKw * 1000) return { subject, verdict: 'good' }
      if (size <= raise * powerW) return { subject, verdict: 'between' }
      const claim = restW < 0 ? `claims ${kW(restW)} more` : `shows ${kW(restW)} less`
      return {
        subject,
        verdict: 'bad',
        summary: `meter ${deviceId} reads ${kW(powerW)}, what is behind it ${claim}; check meteredBy and the meter's ratio`,
      }
    }),
})
