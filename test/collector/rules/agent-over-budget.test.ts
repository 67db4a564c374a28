import { expect, test } from 'vitest'
import { createAlertEngine } from '../../../collector/alerts/engine.ts'
import { agent, rulesWith, situation } from '../alerts/situations.ts'

const RULE = 'agent-over-budget'

test('an agent that sends more than it may is named once, with what it exceeded and the setting, until it stops', () => {
  const engine = createAlertEngine({ rules: rulesWith({}) })
  const agents = [agent()]
  const budgets = [
    { agentId: 'edge-1', part: 'messagesPerS' as const, most: 100 },
    { agentId: 'edge-1', part: 'owners' as const, most: 50_000 },
  ]
  const fired = engine.evaluate(situation(0, { agents, budgets })).filter((e) => e.alert.rule === RULE)
  expect(fired).toMatchObject([
    {
      type: 'firing',
      alert: {
        subject: { agentId: 'edge-1' },
        summary:
          'agent edge-1 has more than 100 messages a second, 50000 owners in an hour: live figures beyond that are left out or come late, and its records wait at it; look for a second program, or a fault that repeats, under this name, or raise messagesPerS, owners of mqtt.agentBudget',
      },
    },
  ])
  engine.evaluate(situation(2, { agents }))
  const ended = engine.evaluate(situation(40, { agents })).filter((e) => e.alert.rule === RULE)
  expect(ended).toMatchObject([{ type: 'resolved' }])
})
