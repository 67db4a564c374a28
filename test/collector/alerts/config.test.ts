import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { activeRules } from '../../../collector/alerts/active-rules.ts'
import { alertsSchema } from '../../../collector/alerts/config.ts'
import { CHANNELS } from '../../../collector/channels/index.ts'
import { RULES } from '../../../collector/rules/index.ts'
import { parseConfig } from '../../../protocol/kit/config.ts'
import { UsageError } from '../../../protocol/kit/errors.ts'

const schema = alertsSchema(CHANNELS, RULES)
const SECRET = `whsec_${Buffer.alloc(32, 'a').toString('base64')}`
const receiver = (name: string) =>
  `{ channel: webhook, name: ${name}, url: https://hooks.example/x, secret: ${SECRET} }`
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
    const active = activeRules(RULES, config.rules)
    expect(active.map(({ name }) => name)).toEqual(RULES.map(({ name }) => name))
    expect(active.map(({ name, forMs, noData }) => [name, forMs, noData])).toEqual(
      expect.arrayContaining([
        ['agent-silent', 30_000, 'alarm'],
        ['clock-skew', 60_000, 'keep'],
        ['hashboard-lost', 120_000, 'keep'],
        ['hot', 60_000, 'keep'],
        ['margin-below-zero', 120_000, 'keep'],
        ['meters-disagree', 300_000, 'keep'],
        ['not-hashing', 120_000, 'keep'],
        ['not-working', 120_000, 'keep'],
        ['pool-difference', 600_000, 'keep'],
        ['site-power-over-limit', 30_000, 'keep'],
        ['stale-quote', 60_000, 'keep'],
      ]),
    )
  })

  test('sets a rule in the words of its settings', () => {
    const { rules } = parse(
      'rules: [{ rule: hot, for: 5m, raise: 90, clear: 80, severity: info }, { rule: not-hashing, enabled: false }]',
    )
    const active = activeRules(RULES, rules)
    expect(active.find((r) => r.name === 'hot')).toMatchObject({ forMs: 300_000, severity: 'info' })
    expect(active.some((r) => r.name === 'not-hashing')).toBe(false)
  })

  test('names a receiver, its channel and what it wants to hear', () => {
    expect(parse(`receivers: [${receiver('ops')}]`).receivers).toMatchObject([
      { channel: 'webhook', name: 'ops', minSeverity: 'info', sendResolved: true },
    ])
  })

  test.each([
    [
      'rules: [{ rule: hott }]',
      `site.yaml: rules[0].rule: expected one of ${RULES.map((r) => r.name).join(', ')}, got hott`,
    ],
    [
      'rules: { hot: { for: 1m } }',
      'site.yaml: rules: expected a list such as [{ rule: hot, for: 1m }], got a mapping',
    ],
    ['rules: [hot]', `site.yaml: rules[0]: expected a mapping such as { rule: ${RULES[0]?.name} }, got hot`],
    ['rules: [{ rule: hot, clear: 99 }]', 'site.yaml: rules[0].clear: is above raise'],
    ['rules: [{ rule: hot, gpuClear: 99 }]', 'site.yaml: rules[0].gpuClear: is above gpuRaise'],
    [
      'rules: [{ rule: hot, rais: 99 }]',
      'site.yaml: rules[0].rais: is not a setting here; check the spelling',
    ],
    [
      'rules: [{ rule: hot }, { rule: not-hashing }, { rule: hot, for: 1m }]',
      'site.yaml: rules[2].rule: hot is rules[0] already; put all its settings into one entry',
    ],
    [
      'rules: [{ rule: hot, for: soon }]',
      'site.yaml: rules[0].for: expected a duration such as 500ms, 5s, 2m, 1h or 7d, got soon',
    ],
    [
      'receivers: [{ name: ops, webhook: {} }]',
      `site.yaml: receivers[0].channel: is missing; expected one of ${CHANNELS.map((c) => c.name).join(', ')}`,
    ],
    [
      `receivers: [${receiver('ops')}, ${receiver('ops')}]`,
      'site.yaml: receivers[1].name: ops is the name of another receiver',
    ],
    [
      `receivers: [{ channel: webhook, name: ops, url: "http://10.0.0.9/", secret: ${SECRET} }]`,
      'site.yaml: receivers[0].url: 10.0.0.9 is not a public address; add its range to allowPrivate if you mean it',
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
