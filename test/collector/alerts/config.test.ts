import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { alertsSchema } from '../../../collector/alerts/config.ts'
import createWebhookChannel from '../../../collector/channels/webhook.ts'
import { activeRules } from '../../../collector/plugin/rule.ts'
import { RULES } from '../../../collector/rules/index.ts'
import { parseConfig } from '../../../protocol/kit/config.ts'
import { UsageError } from '../../../protocol/kit/errors.ts'

const schema = alertsSchema([createWebhookChannel({ version: '0.0.0' })], RULES)
const SECRET = `whsec_${Buffer.alloc(32, 'a').toString('base64')}`
const receiver = (name: string) =>
  `{ name: ${name}, webhook: { url: https://hooks.example/x, secret: ${SECRET} } }`
const parse = (text: string) => parseConfig(schema, text, 'site.yaml')
function faults(text: string): readonly string[] {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof UsageError) return error.lines
    throw error
  }
  return []
}

describe('the alerts configuration', () => {
  test('may be empty: every rule has defaults, and nobody is told', () => {
    const config = parse('{}')
    expect(config.receivers).toEqual([])
    expect(activeRules(RULES, config.rules).map(({ name, forMs, noData }) => [name, forMs, noData])).toEqual([
      ['agent-silent', 30_000, 'alarm'],
      ['not-hashing', 120_000, 'keep'],
      ['not-working', 120_000, 'keep'],
      ['hashboard-lost', 120_000, 'keep'],
      ['hot', 60_000, 'keep'],
      ['margin-below-zero', 120_000, 'keep'],
      ['site-power-over-limit', 30_000, 'keep'],
      ['clock-skew', 60_000, 'keep'],
      ['meters-disagree', 300_000, 'keep'],
      ['pool-difference', 600_000, 'keep'],
      ['stale-quote', 60_000, 'keep'],
    ])
  })

  test('sets a rule in the words of its settings', () => {
    const { rules } = parse(
      'rules: { hot: { for: 5m, raise: 90, clear: 80, severity: info }, not-hashing: { enabled: false } }',
    )
    const active = activeRules(RULES, rules)
    expect(active.find((r) => r.name === 'hot')).toMatchObject({ forMs: 300_000, severity: 'info' })
    expect(active.some((r) => r.name === 'not-hashing')).toBe(false)
  })

  test('names a receiver, its channel and what it wants to hear', () => {
    expect(parse(`receivers: [${receiver('ops')}]`).receivers).toMatchObject([
      { name: 'ops', kind: 'webhook', minSeverity: 'info', sendResolved: true },
    ])
  })

  test.each([
    ['rules: { hott: {} }', 'site.yaml: rules.hott: is not a setting here; check the spelling'],
    ['rules: { hot: { clear: 99 } }', 'site.yaml: rules.hot.clear: is above raise'],
    [
      'rules: { hot: { for: soon } }',
      'site.yaml: rules.hot.for: expected a duration such as 500ms, 5s, 2m, 1h or 7d, got soon',
    ],
    ['receivers: [{ name: ops }]', 'site.yaml: receivers[0]: expected exactly one of webhook'],
    [
      `receivers: [${receiver('ops')}, ${receiver('ops')}]`,
      'site.yaml: receivers[1].name: ops is the name of another receiver',
    ],
    [
      `receivers: [{ name: ops, webhook: { url: "http://10.0.0.9/", secret: ${SECRET} } }]`,
      'site.yaml: receivers[0].webhook.url: 10.0.0.9 is not a public address; add its range to allowPrivate if you mean it',
    ],
  ])('refuses %s with one line that says where and why', (text, line) => {
    expect(faults(text)).toEqual([line])
  })

  test('describes itself as a JSON Schema', () => {
    const json = JSON.stringify(z.toJSONSchema(schema, { io: 'input' }))
    expect(json).toContain('°C, miners: fires from here')
    expect(json).toContain('signing secret')
  })
})
