import type { Finding } from '../plugin/rule.ts'
import type { Situation } from '../plugin/situation.ts'
import { anySilent } from './silence.ts'

/** For sums over the site: `good` only where every agent is heard, since a silent one may have what makes the sum bad. */
export const provenGood = (situation: Situation): Finding['verdict'] =>
  anySilent(situation) ? 'unknown' : 'good'
