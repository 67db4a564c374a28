import { z } from 'zod'
import { defineRule, type Finding } from '../plugin/rule.ts'
import type { HeldSituation } from '../plugin/situation.ts'

export default defineRule({
  name: 'doubtful-records',
  summary:
    'a device sent records that it can’t have made; they earn and cost nothing until a person accepts or rejects them, and no loss is given',
  defaults: { severity: 'warning', for: '0s', clearFor: '0s' },
  settings: z.strictObject({}),
  judge: ({ held = [] }) => {
    const byDevice = new Map<string, HeldSituation[]>()
    for (const hold of held) {
      if (hold.kind !== 'doubt') continue
      const key = `${hold.agentId}\n${hold.deviceId}`
      const own = byDevice.get(key)
      if (own) own.push(hold)
      else byDevice.set(key, [hold])
    }
    return [...byDevice.values()].map((own): Finding => {
      const [{ agentId, deviceId, reason }] = own as [HeldSituation]
      const records = own.reduce((sum, hold) => sum + hold.records, 0)
      const one = records === 1
      const what = `${one ? '1 doubtful record' : `${records} doubtful records`} of ${deviceId} ${one ? 'counts' : 'count'}`
      return {
        subject: { agentId, deviceId },
        verdict: 'bad',
        summary: `${what} for nothing until a person decides (perwatt-collector doubts): ${reason}`,
      }
    })
  },
})
