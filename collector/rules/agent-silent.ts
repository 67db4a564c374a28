import { z } from 'zod'
import { durationMs } from '../../protocol/kit/fields.ts'
import { silenceS } from '../judging/silence.ts'
import { defineRule } from '../plugin/rule.ts'

export default defineRule({
  name: 'agent-silent',
  summary: 'an agent sends no live messages; the loss is what its devices earned when last heard',
  defaults: { severity: 'critical', for: '30s', clearFor: '30s', noData: 'alarm' },
  settings: z.strictObject({
    after: durationMs('1s', '1d')
      .prefault('15s')
      .describe('silence that counts; never less than three polls'),
  }),
  judge: ({ agents }, { after }) =>
    agents.map((agent) => {
      const { agentId, silentS, earnedUsdPerH } = agent
      const subject = { agentId }
      if (agent.replaced) return { subject, verdict: 'good' }
      const limitS = silenceS(agent, after)
      if (silentS === undefined)
        return {
          subject,
          verdict: 'unknown',
          summary: `agent ${agentId} has sent nothing since the collector started; check the agent and its broker`,
          // a collector that has just started knows no earnings: 0 is no figure here
          ...(earnedUsdPerH > 0 && { lossUsdPerHour: earnedUsdPerH }),
          // its last message may have come just before the collector started
          graceMs: limitS * 1000,
        }
      if (silentS <= limitS) return { subject, verdict: 'good' }
      return {
        subject,
        verdict: 'bad',
        summary: `agent ${agentId} is silent, nobody reads its machines; check the agent and its broker`,
        lossUsdPerHour: earnedUsdPerH,
      }
    }),
})
