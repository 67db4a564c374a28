import type { Finding } from '../plugin/rule.ts'
import type { Situation } from '../plugin/situation.ts'
import { isSilent } from './silence.ts'

/**
 * For sums over the site: `good` only where every agent that the sum rests on is heard, since a silent one may have what makes it bad. Agents whose machines
 * all belong to others now have none in it.
 * @param isWhole the sum is measured as a whole, by a meter that is heard: it rests on no other agent
 */
export const provenGood = ({ agents }: Situation, isWhole = false): Finding['verdict'] =>
  !isWhole && agents.some((agent) => isSilent(agent) && !agent.replaced) ? 'unknown' : 'good'
