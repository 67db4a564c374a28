import { z } from 'zod'
import { claimsByAgent, claimText } from '../judging/claims.ts'
import { defineRule, type Finding } from '../plugin/rule.ts'
import { adoptCommand } from '../views/adopt-command.ts'

export default defineRule({
  name: 'device-claimed',
  summary:
    'an agent reads another’s devices, or one machine under two names: what it records of them is in no sum; no loss is given',
  defaults: { severity: 'warning', for: '30s', clearFor: '30s' },
  settings: z.strictObject({}),
  // where the owner is silent, owner-silent alerts; it has the limit
  judge: (situation) =>
    [...claimsByAgent(situation)].map(([agentId, claims]): Finding => {
      const subject = { agentId }
      const [claim] = claims.filter((c) => !c.ownerIsSilent)
      if (!claim) return { subject, verdict: 'good' }
      const text = claimText(claim)
      if (claim.ownerAgentId === agentId)
        return {
          subject,
          verdict: 'bad',
          summary: `agent ${agentId} reads one machine twice: ${text}; remove one of the two from its configuration`,
        }
      return {
        subject,
        verdict: 'bad',
        summary: `agent ${agentId} reads what belongs to agent ${claim.ownerAgentId}: ${text}; remove it from one configuration, or ${adoptCommand(claim)}`,
      }
    }),
})
