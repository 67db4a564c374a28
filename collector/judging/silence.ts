import type { AgentSituation } from '../plugin/situation.ts'

/** An agent is silent after this, s: at least `leastMs`, and at least three of its polls. */
export const silenceS = (agent: AgentSituation, leastMs: number): number =>
  Math.max(leastMs / 1000, 3 * agent.pollS)

/** True also for an agent that has sent nothing since the collector started. */
export const isSilent = (agent: AgentSituation): boolean =>
  agent.silentS === undefined || agent.silentS > silenceS(agent, 15_000)
