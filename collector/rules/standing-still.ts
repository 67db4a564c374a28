import { z } from 'zod'
import { defineRule, type Finding } from '../plugin/rule.ts'

const NAMED = 3
/** What the rule agent-silent tells; prices are the rule stale-quote's. */
const OTHERS = new Set(['agents/silent', 'agents/no-live'])

export default defineRule({
  name: 'standing-still',
  summary:
    'records wait and are not taken, nothing is stored, no minute is settled or no agent is heard; nothing is lost yet, and no loss is given',
  // how long something may stand is the judge's affair (collector/standing)
  defaults: { severity: 'critical', for: '0s', clearFor: '15s' },
  settings: z.strictObject({}),
  judge: ({ standing = [] }) =>
    standing
      .filter(({ part, kind }) => part !== 'prices' && !OTHERS.has(`${part}/${kind}`))
      .map(({ part, kind, what, who = [], count = 0, waiting, cause, cure }): Finding => {
        const agents = who.length > 0 ? ` (${who.slice(0, NAMED).join(', ')}${more(count)})` : ''
        const many =
          waiting === undefined ? '' : `, ${waiting} ${part === 'settling' ? 'minutes' : 'records'} wait`
        return {
          subject: { part: `${part}/${kind}` },
          verdict: 'bad',
          summary: `${what}${agents}${many}: ${cause}; ${cure}`,
        }
      }),
})

const more = (count: number): string => (count > NAMED ? ` and ${count - NAMED} more` : '')
