import { z } from 'zod'
import { defineRule, type Finding } from '../plugin/rule.ts'
import type { NumbersSituation } from '../plugin/situation.ts'

export default defineRule({
  name: 'agent-numbers',
  summary:
    'an agent’s spool was restored, rolled back or copied, records of it were lost, or its batches have numbers that can’t be and are refused; no loss is given',
  defaults: { severity: 'critical', for: '0s', clearFor: '10s' },
  settings: z.strictObject({}),
  judge({ agents, numbers = [] }) {
    const bad = numbers.map(
      (found): Finding => ({ subject: { agentId: found.agentId }, verdict: 'bad', summary: textOf(found) }),
    )
    const told = new Set(numbers.map(({ agentId }) => agentId))
    const good = agents.filter(({ agentId }) => !told.has(agentId))
    return [
      ...firstOfEach(bad),
      ...good.map(({ agentId }): Finding => ({ subject: { agentId }, verdict: 'good' })),
    ]
  },
})

function textOf({ agentId, kind, records, of, reason }: NumbersSituation): string {
  const missing = records > 0 ? `up to ${records} records are missing` : 'no record is missing'
  if (kind === 'went-back')
    return `the spool of agent ${agentId} was put back to an earlier state (restored, rolled back or copied): ${missing}, see /api/v1/losses; let no second machine run a copy of its folder`
  if (kind === 'another-spool')
    return `agent ${agentId} sends from another spool than before (an older backup, or a second agent of its name): ${missing}, see /api/v1/losses; give each agent its own name and spool.folder`
  if (kind === 'copied')
    return `the spool of agent ${agentId} is a copy of agent ${of}'s: ${records} waiting records of ${of} are put aside and not sent; they stay in copied-from-${of}-... in the spool of ${agentId}; see that ${of} sends its own, then start ${agentId} again`
  if (kind === 'lost')
    return `${records} ${records === 1 ? 'record' : 'records'} of agent ${agentId} ${records === 1 ? 'is' : 'are'} lost, see /api/v1/losses: ${reason ?? 'its spool was full or damaged; check its disk and spool.maxBytes'}`
  return `what agent ${agentId} sends is refused: ${reason}; look at who may publish under this name, then run perwatt-collector agents reset ${agentId}`
}

/** One finding for each agent: a refusal stands still, so it comes before what is over. */
function firstOfEach(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [finding.subject.agentId, finding])).values()]
}
