import { expect, test } from 'vitest'
import { createAlertEngine } from '../../../collector/alerts/engine.ts'
import { agent, rulesWith, situation } from '../alerts/situations.ts'

const hold = (deviceId: string, over = {}) => ({
  kind: 'quarantine' as const,
  check: 'too-old',
  agentId: 'edge-1',
  deviceId,
  records: 3,
  reason: 'the record is older than the retention; check the clock of its agent',
  ...over,
})

test('records that were put aside alert once for their agent, and end when a person has decided', () => {
  const engine = createAlertEngine({ rules: rulesWith({}) })
  const agents = [agent()]
  const held = [hold('m1'), hold('m2', { records: 1 }), hold('m3', { kind: 'doubt' })]
  const fired = engine.evaluate(situation(0, { agents, held })).filter((e) => e.alert.rule === 'put-aside')
  expect(fired).toMatchObject([
    {
      type: 'firing',
      alert: {
        subject: { agentId: 'edge-1' },
        summary:
          '4 records of agent edge-1 were put aside and count for nothing until a person decides (perwatt-collector quarantine): the record is older than the retention; check the clock of its agent',
      },
    },
  ])
  const ended = engine.evaluate(situation(2, { agents, held: [] }))
  expect(ended.filter((e) => e.alert.rule === 'put-aside')).toMatchObject([{ type: 'resolved' }])
})
