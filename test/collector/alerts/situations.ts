import { type ActiveRule, activeRules } from '../../../collector/alerts/active-rules.ts'
import { ruleSchema } from '../../../collector/alerts/config.ts'
import type { AgentSituation, DeviceSituation, Situation } from '../../../collector/plugin/situation.ts'
import { RULES } from '../../../collector/rules/index.ts'

const T0 = Date.UTC(2026, 0, 15, 12)

/** A well agent, miner, GPU: each test says what is wrong with it. */
export const agent = (more: Partial<AgentSituation> = {}): AgentSituation => ({
  agentId: 'edge-1',
  silentS: 1,
  pollS: 5,
  earnedUsdPerH: 12,
  ...more,
})

export const miner = (more: Partial<DeviceSituation> = {}): DeviceSituation => ({
  deviceId: 'miner-01',
  agentId: 'edge-1',
  kind: 'asic',
  stale: false,
  state: 'hashing',
  hashrateHs: 200e12,
  expectedHashrateHs: 200e12,
  boardsWorking: 3,
  boardsFitted: 3,
  tempC: 70,
  couldEarnUsdPerH: 0.4,
  earnsUsdPerH: 0.4,
  ...more,
})

export const gpu = (more: Partial<DeviceSituation> = {}): DeviceSituation => ({
  deviceId: 'gpu-01/gpu0',
  agentId: 'edge-1',
  kind: 'gpu',
  stale: false,
  state: 'busy',
  tempC: 60,
  ...more,
})

export const situation = (atS: number, more: Partial<Situation> = {}): Situation => ({
  nowMs: T0 + atS * 1000,
  agents: [agent()],
  devices: [],
  workloads: [],
  site: {},
  ...more,
})

/** The shipped rules, with settings over their defaults (as they would stand in a configuration). */
export function rulesWith(settings: Record<string, object> = {}): ActiveRule[] {
  const schema = ruleSchema(RULES)
  return activeRules(
    RULES,
    Object.entries(settings).map(([rule, own]) => schema.parse({ rule, ...own })),
  )
}
