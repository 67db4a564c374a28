import { z } from 'zod'
import { counted } from '../../protocol/kit/counted.ts'
import { defineRule, type Finding } from '../plugin/rule.ts'
import type { HeldSituation } from '../plugin/situation.ts'

export default defineRule({
  name: 'put-aside',
  summary:
    'records of an agent are too old, from the future or of a wrong clock; they are missing until a person takes them in, and no loss is given',
  defaults: { severity: 'warning', for: '0s', clearFor: '0s' },
  settings: z.strictObject({}),
  judge: ({ held = [] }) => {
    const byAgent = new Map<string, HeldSituation[]>()
    for (const hold of held)
      if (hold.kind === 'quarantine') byAgent.set(hold.agentId, [...(byAgent.get(hold.agentId) ?? []), hold])
    return [...byAgent].map(([agentId, own]): Finding => {
      const records = own.reduce((sum, hold) => sum + hold.records, 0)
      return {
        subject: { agentId },
        verdict: 'bad',
        summary: `${counted(records, 'record')} of agent ${agentId} ${records === 1 ? 'was' : 'were'} put aside and count for nothing until a person decides (perwatt-collector quarantine): ${own[0]?.reason}`,
      }
    })
  },
})
