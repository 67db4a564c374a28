import { z } from 'zod'
import { durationMs } from '../../protocol/kit/fields.ts'
import { claimsByAgent, claimText, OWNER_SILENT_AFTER_MS } from '../judging/claims.ts'
import { defineRule, type Finding } from '../plugin/rule.ts'
import { adoptCommand } from '../views/adopt-command.ts'

export default defineRule({
  name: 'owner-silent',
  summary:
    'an agent is silent and another reads its devices, which earn nothing until a person adopts them; the loss is what the silent one earned',
  defaults: { severity: 'critical', for: '0s', clearFor: '30s' },
  settings: z.strictObject({
    after: durationMs('10s', '1d')
      .prefault(`${OWNER_SILENT_AFTER_MS / 60_000}m`)
      .describe('silence that counts, for this rule and device-claimed; never less than three polls'),
  }),
  judge: (situation, { after }) =>
    [...claimsByAgent(situation, after)].map(([agentId, claims]): Finding => {
      const subject = { agentId }
      const [claim] = claims.filter((c) => c.ownerIsSilent)
      if (!claim) return { subject, verdict: 'good' }
      const { owner, ownerAgentId } = claim
      const silence =
        owner?.silentS === undefined
          ? 'has sent nothing since the collector started'
          : `is silent for ${Math.floor(owner.silentS / 60)} min`
      return {
        subject,
        verdict: 'bad',
        summary: `agent ${ownerAgentId} ${silence}, and agent ${agentId} reads its devices: ${claimText(claim)}; if it takes over: ${adoptCommand(claim)}`,
        ...(owner && owner.earnedUsdPerH > 0 && { lossUsdPerHour: owner.earnedUsdPerH }),
        // its last message may have come just before the collector started
        ...(owner?.silentS === undefined && { graceMs: after }),
      }
    }),
})
