import { z } from 'zod'
import { isSilent } from '../judging/silence.ts'
import { defineRule } from '../plugin/rule.ts'

const KIB = 1024
const size = (bytes: number): string => (bytes < 10 * KIB ? `${bytes} B` : `${Math.round(bytes / KIB)} KiB`)

export default defineRule({
  name: 'message-size',
  summary:
    'the broker drops large messages of an agent, which sends smaller ones since; nothing is lost, and no loss is given',
  defaults: { severity: 'warning', for: '0s', clearFor: '30s' },
  settings: z.strictObject({}),
  judge: ({ agents }) =>
    agents.map((agent) => {
      const { agentId, messageLimit } = agent
      const subject = { agentId }
      if (isSilent(agent)) return { subject, verdict: 'unknown' }
      if (!messageLimit) return { subject, verdict: 'good' }
      const { arrivedBytes, lostBytes } = messageLimit
      return {
        subject,
        verdict: 'bad',
        summary: `the broker drops large messages of agent ${agentId}: one of ${size(lostBytes)} was lost, ${size(arrivedBytes)} arrive, and it sends no larger ones; raise the broker’s limit (Mosquitto: message_size_limit, max_packet_size)`,
      }
    }),
})
