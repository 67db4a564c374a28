import { describe, expect, test } from 'vitest'
import type { ClaimSituation, Situation } from '../../../collector/plugin/situation.ts'
import { agent, rulesWith, situation } from '../alerts/situations.ts'

const claim = (more: Partial<ClaimSituation> = {}): ClaimSituation => ({
  agentId: 'new-host',
  ownerAgentId: 'old-host',
  devices: 12,
  example: { deviceId: 'miner-01', ownerDeviceId: 'miner-01', because: 'the MAC 02:AB:5E:00:00:0C' },
  ...more,
})
const both = (
  silentS: number | undefined,
  claims: readonly ClaimSituation[] = [claim()],
): Partial<Situation> => {
  const { silentS: _, ...owner } = agent({ agentId: 'old-host' })
  return {
    agents: [{ ...owner, ...(silentS !== undefined && { silentS }) }, agent({ agentId: 'new-host' })],
    claims,
  }
}
const judge = (rule: string, more: Partial<Situation>) =>
  rulesWith()
    .find((r) => r.name === rule)
    ?.judge(situation(0, more))
    .find(({ subject }) => subject.agentId === 'new-host')
const COMMAND = 'perwatt-collector devices adopt --agent new-host --owner old-host --by NAME --reason WHY'

describe('device-claimed', () => {
  test('names the devices, what they have in common, who has them, and the command that gives them', () => {
    expect(judge('device-claimed', both(1))).toEqual({
      subject: { agentId: 'new-host' },
      verdict: 'bad',
      summary: `agent new-host reads what belongs to agent old-host: miner-01 (both have the MAC 02:AB:5E:00:00:0C) and 11 more; remove it from one configuration, or ${COMMAND}`,
    })
  })

  test('of one agent that reads a machine under two names says to remove one', () => {
    const example = { deviceId: 'hall-7', ownerDeviceId: 'miner-01', because: 'the address 10.0.3.7' }
    expect(
      judge('device-claimed', both(1, [claim({ ownerAgentId: 'new-host', devices: 1, example })]))?.summary,
    ).toBe(
      'agent new-host reads one machine twice: hall-7 (miner-01 there, both have the address 10.0.3.7); remove one of the two from its configuration',
    )
  })

  test('has the one limit that owner-silent has: between them no silence is told twice, and none by nobody', () => {
    for (const silentS of [60, 90, 200]) {
      const at = { ...both(silentS), ownerSilentAfterMs: 60_000 }
      const [own] = rulesWith({ 'owner-silent': { after: '60s' } }).filter((r) => r.name === 'owner-silent')
      const silent = own?.judge(situation(0, at)).find(({ subject }) => subject.agentId === 'new-host')
      const verdicts = [judge('device-claimed', at)?.verdict, silent?.verdict]
      expect([silentS, ...verdicts]).toEqual([silentS, ...(silentS > 60 ? ['good', 'bad'] : ['bad', 'good'])])
    }
  })

  test('is well for an agent whose devices are its own', () => {
    expect(judge('device-claimed', both(1, []))?.verdict).toBe('good')
  })

  test('leaves it to owner-silent where the owner is silent', () => {
    expect(judge('device-claimed', both(181))?.verdict).toBe('good')
    expect(judge('device-claimed', both(180))?.verdict).toBe('bad')
  })
})

describe('owner-silent', () => {
  test('after minutes names the command that gives the devices to the agent that reads them, and the loss', () => {
    expect(judge('owner-silent', both(180))?.verdict).toBe('good')
    expect(judge('owner-silent', both(310))).toEqual({
      subject: { agentId: 'new-host' },
      verdict: 'bad',
      summary: `agent old-host is silent for 5 min, and agent new-host reads its devices: miner-01 (both have the MAC 02:AB:5E:00:00:0C) and 11 more; if it takes over: ${COMMAND}`,
      lossUsdPerHour: 12,
    })
  })

  test('waits as long for an owner that was not heard since the collector started', () => {
    expect(judge('owner-silent', both(undefined))).toMatchObject({ verdict: 'bad', graceMs: 180_000 })
  })

  test('is critical, because nobody is paid for these machines', () => {
    expect(rulesWith().find((r) => r.name === 'owner-silent')?.severity).toBe('critical')
  })
})

describe('agent-silent', () => {
  test('is over once other agents have all of its devices', () => {
    const rule = rulesWith().find((r) => r.name === 'agent-silent')
    const old = agent({ agentId: 'old-host', silentS: 9_000, replaced: true })
    expect(rule?.judge(situation(0, { agents: [old] }))[0]?.verdict).toBe('good')
  })
})
