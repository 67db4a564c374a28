import { z } from 'zod'
import { defineRule, type Finding } from '../plugin/rule.ts'
import type { BudgetSituation } from '../plugin/situation.ts'

export default defineRule({
  name: 'agent-over-budget',
  summary:
    'an agent sends more than one may (mqtt.agentBudget): its live figures lag, and records that are not taken wait at it; no loss is given',
  defaults: { severity: 'warning', for: '0s', clearFor: '30s' },
  settings: z.strictObject({}),
  judge({ agents, budgets = [] }) {
    const byAgent = new Map<string, BudgetSituation[]>()
    for (const over of budgets) byAgent.set(over.agentId, [...(byAgent.get(over.agentId) ?? []), over])
    return [
      ...[...byAgent].map(([agentId, over]): Finding => {
        const what = over.map(({ part, most }) => WORDS[part](most)).join(', ')
        const settings = over.map(({ part }) => part).join(', ')
        return {
          subject: { agentId },
          verdict: 'bad',
          summary: `agent ${agentId} has more than ${what}: live figures beyond that are left out or come late, and its records wait at it; look for a second program, or a fault that repeats, under this name, or raise ${settings} of mqtt.agentBudget`,
        }
      }),
      ...agents
        .filter(({ agentId }) => !byAgent.has(agentId))
        .map(({ agentId }): Finding => ({ subject: { agentId }, verdict: 'good' })),
    ]
  },
})

const WORDS: Readonly<Record<BudgetSituation['part'], (most: number) => string>> = {
  cpuMsPerS: (most) => `${most} ms of the collector’s CPU a second`,
  messagesPerS: (most) => `${most} messages a second`,
  kilobytesPerS: (most) => `${most} kB a second`,
  devices: (most) => `${most} devices`,
  owners: (most) => `${most} owners in an hour`,
  labels: (most) => `${most} names of labels in an hour`,
}
