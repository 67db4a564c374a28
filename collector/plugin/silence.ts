import type { AgentSituation, Situation } from './situation.ts'

/** Silence that counts, s: an agent with slow polls is given three of them. */
export const silenceS = (agent: AgentSituation, leastMs: number): number =>
  Math.max(leastMs / 1000, 3 * agent.pollS)

export const isSilent = (agent: AgentSituation): boolean =>
  agent.silentS === undefined || agent.silentS > silenceS(agent, 15_000)

export const anySilent = (situation: Situation): boolean => situation.agents.some(isSilent)
