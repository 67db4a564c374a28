import { z } from 'zod'
import { durationMs } from '../../protocol/kit/fields.ts'
import { silenceS } from '../judging/silence.ts'
import { defineRule } from '../plugin/rule.ts'
import type { AgentSituation } from '../plugin/situation.ts'

/** Records come every minute: an agent of which some came since then reads its machines. */
const RECORDS_COME_S = 100
/** The last record may have come so long after the last live message, where all ended together, s. */
const TOGETHER_S = 5

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
      if (silentS !== undefined && silentS <= limitS) return { subject, verdict: 'good' }
      const what = {
        subject,
        summary: summaryOf(agent),
        // while its records come nothing is lost; a collector that has just started knows no earnings: 0 is no figure here
        ...(!recordsCome(agent) &&
          (silentS !== undefined || earnedUsdPerH > 0) && { lossUsdPerHour: earnedUsdPerH }),
      }
      if (silentS !== undefined) return { ...what, verdict: 'bad' }
      // its last message may have come just before the collector started
      return { ...what, verdict: 'unknown', graceMs: limitS * 1000 }
    }),
})

/** Whether records have come since the live messages stopped: those of before show nothing where the broker is away. */
const recordsCome = ({ recordsAgoS, silentS = Number.POSITIVE_INFINITY }: AgentSituation): boolean =>
  recordsAgoS !== undefined && recordsAgoS <= RECORDS_COME_S && recordsAgoS + TOGETHER_S < silentS

/** What is known of the agent, and what to do. That nobody reads its machines is known of none: it may read on and keep its records. */
function summaryOf(agent: AgentSituation): string {
  const { agentId, silentS, offline } = agent
  if (recordsCome(agent))
    return `no live messages of agent ${agentId} come, and its records do: the screens show its last figures, and the ledger goes on; at the broker, let its user write its topic live, and let the collector read it`
  if (offline)
    return `agent ${agentId} is offline: it was stopped, or its computer or its network failed; start it, or check both. What it reads meanwhile waits at it`
  if (silentS === undefined)
    return `agent ${agentId} has sent nothing since the collector started; check the agent and its broker`
  return `agent ${agentId} is silent: no message of it comes, and what it reads waits at it; check that it runs, its network, and at the broker that its user may write its topics`
}
