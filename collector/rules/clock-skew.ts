import { z } from 'zod'
import { durationMs } from '../../protocol/kit/fields.ts'
import { isSilent } from '../judging/silence.ts'
import { defineRule } from '../plugin/rule.ts'

export default defineRule({
  name: 'clock-skew',
  summary:
    'an agent’s clock is wrong, so its records count for other minutes or are quarantined; no loss is given',
  defaults: { severity: 'warning', for: '1m', clearFor: '1m' },
  settings: z
    .strictObject({
      raise: durationMs('1ms', '1h').prefault('2s').describe('fires when it is wrong by more than this'),
      clear: durationMs('0ms', '1h').prefault('1s').describe('well when it is wrong by no more than this'),
    })
    .refine(({ raise, clear }) => clear <= raise, { path: ['clear'], error: 'is above raise' }),
  judge: ({ agents }, { raise, clear }) =>
    agents.map((agent) => {
      const { agentId, clockOffsetMs } = agent
      const subject = { agentId }
      // the offset of a silent agent is old: its clock may have been corrected since
      if (clockOffsetMs === undefined || isSilent(agent)) return { subject, verdict: 'unknown' }
      const skewMs = Math.abs(clockOffsetMs)
      if (skewMs <= raise) return { subject, verdict: skewMs <= clear ? 'good' : 'between' }
      const side = clockOffsetMs > 0 ? 'behind' : 'ahead'
      const summary = `the clock of agent ${agentId} is ${(skewMs / 1000).toFixed(1)} s ${side}; check its NTP`
      return { subject, verdict: 'bad', summary }
    }),
})
