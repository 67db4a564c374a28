import { z } from 'zod'
import { placeText } from '../../protocol/program.ts'
import { defineRule, type Finding } from '../plugin/rule.ts'
import type { TwinSituation } from '../plugin/situation.ts'

export default defineRule({
  name: 'name-twice',
  summary:
    'two agents have one name, or two collectors one site or one store: the second rests or stands by until the first ends; no loss is given',
  defaults: { severity: 'critical', for: '0s', clearFor: '10s' },
  settings: z.strictObject({}),
  judge({ agents, twins = [] }) {
    const told = new Set(twins.filter(({ kind }) => kind === 'agent').map(({ name }) => name))
    const collectors = twins.filter(({ kind }) => kind !== 'agent')
    return [
      ...twins
        .filter(({ kind }) => kind === 'agent')
        .map((twin): Finding => ({ subject: { agentId: twin.name }, verdict: 'bad', summary: textOf(twin) })),
      ...agents
        .filter(({ agentId }) => !told.has(agentId))
        .map(({ agentId }): Finding => ({ subject: { agentId }, verdict: 'good' })),
      collectors.length > 0
        ? { subject: {}, verdict: 'bad', summary: collectors.map(textOf).join('; ') }
        : { subject: {}, verdict: 'good' },
    ]
  },
})

function textOf({ kind, name, programs: [first, second] }: TwinSituation): string {
  const [a, b] = [placeText(first), placeText(second)]
  if (kind === 'agent')
    return `two agents have the name ${name}: on ${a}, and since later on ${b}, which rests; stop one of them, or give it a name and a spool.folder of its own`
  if (kind === 'site')
    return `two collectors serve site ${name}: the one on ${a} has it, the one on ${b} stands by; stop one of them, or give it a site.id of its own. With databases of their own each has what it stored while it did not hear the other: the other counts that as lost, so keep both`
  return `two collectors use ${name}: the one on ${a} has it, the one on ${b} stands by; stop one of them, or give it a database of its own`
}
