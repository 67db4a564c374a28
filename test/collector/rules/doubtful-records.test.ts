import { expect, test } from 'vitest'
import { createAlertEngine } from '../../../collector/alerts/engine.ts'
import { agent, rulesWith, situation } from '../alerts/situations.ts'

const hold = (deviceId: string, over = {}) => ({
  kind: 'doubt' as const,
  check: 'work',
  agentId: 'edge-1',
  deviceId,
  records: 3,
  reason: 'edge-1, m1: its work is beyond what it can do',
  ...over,
})

test('doubtful records of a device alert at once, and end when a person has decided', () => {
  const engine = createAlertEngine({ rules: rulesWith({}) })
  const agents = [agent()]
  const held = [hold('m1'), hold('m1', { check: 'energy', records: 2 }), hold('m2', { kind: 'claim' })]
  const fired = engine
    .evaluate(situation(0, { agents, held }))
    .filter((e) => e.alert.rule === 'doubtful-records')
  expect(fired).toMatchObject([
    {
      type: 'firing',
      alert: {
        subject: { agentId: 'edge-1', deviceId: 'm1' },
        summary:
          '5 doubtful records of m1 count for nothing until a person decides (perwatt-collector doubts): edge-1, m1: its work is beyond what it can do',
      },
    },
  ])
  expect(engine.evaluate(situation(1, { agents, held }))).toEqual([])
  expect(engine.evaluate(situation(2, { agents, held: [] }))).toMatchObject([{ type: 'resolved' }])
})
