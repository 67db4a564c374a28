import type { Finding } from '../plugin/rule.ts'
import type { AgentSituation, Situation } from '../plugin/situation.ts'
import { isSilent } from './silence.ts'

/** What a silent agent may have is waited for until then; later what is heard is judged, and `agent-silent` tells of the rest. */
const WAITED_S = 30 * 60

/** The agents that a sum over the site lacks. Agents whose machines all belong to others now have none in it. */
const missing = ({ agents }: Situation): AgentSituation[] =>
  agents.filter((agent) => isSilent(agent) && !agent.replaced)

/**
 * For sums over the site: `good` only where every agent that the sum rests on is heard, since a silent one may have what makes it bad; or where
 * the silent ones have been so for half an hour, so that none of them holds an alert for ever.
 * @param isWhole the sum is measured as a whole, by a meter that is heard: it rests on no other agent
 */
export const provenGood = (situation: Situation, isWhole = false): Finding['verdict'] =>
  !isWhole && missing(situation).some(({ silentS, unheardS = 0 }) => (silentS ?? unheardS) < WAITED_S)
    ? 'unknown'
    : 'good'

/** What a sum over the site lacks, to follow a summary: `; without agent rig7, which is silent`, or nothing. */
export function withoutText(situation: Situation): string {
  const [first, ...more] = missing(situation)
  if (!first) return ''
  return more.length === 0
    ? `; without agent ${first.agentId}, which is silent`
    : `; without agent ${first.agentId} and ${more.length} more, which are silent`
}
