import type { StatusMessage } from '../../protocol/status.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import type { NumbersSituation } from '../plugin/situation.ts'
import type { RecordWriter } from './record-writer.ts'

/** An exchanged spool is told for this long: it is over when it is noticed. */
const TOLD_MS = 12 * HOUR_MS
/** An agent whose batch is refused sends it again at least each minute. */
const REFUSED_MS = 3 * MINUTE_MS

/** An agent's status, as far as it is needed here. */
interface Told {
  agentId: string
  status?: Pick<StatusMessage, 'spool'>
}

/** What the numbers of the agents' records tell now, for the alert rules: one of each agent and kind. */
export function numbersSituations(
  { losses, refusals }: Pick<RecordWriter, 'losses' | 'refusals'>,
  agents: Iterable<Told>,
  nowMs: number,
): NumbersSituation[] {
  const found = new Map<string, NumbersSituation>()
  for (const { agentId, kind = 'lost', atMs, records, cause } of losses) {
    if (kind === 'reset' || nowMs - atMs > TOLD_MS) continue
    const key = `${agentId}|${kind}`
    const before = found.get(key)
    // the newest loss comes first, and its cause is told
    const reason = before ? before.reason : kind === 'lost' ? cause : undefined
    found.set(key, {
      agentId,
      kind,
      records: records + (before?.records ?? 0),
      ...(reason === undefined ? {} : { reason }),
    })
  }
  const refused = [...refusals].filter(([, { atMs }]) => nowMs - atMs < REFUSED_MS)
  const isLost = ({ kind }: NumbersSituation) => kind === 'lost'
  // an agent has one finding, the last of these: what its spool suffered says more than that records are lost
  return [
    ...[...found.values()].filter(isLost),
    ...[...found.values()].filter((situation) => !isLost(situation)),
    ...[...agents].flatMap(({ agentId, status }): NumbersSituation[] => {
      const copied = status?.spool?.setAside
      return copied ? [{ agentId, kind: 'copied', records: copied.records, of: copied.agent }] : []
    }),
    ...refused.map(([agentId, { reason }]) => ({ agentId, kind: 'refused' as const, records: 0, reason })),
  ]
}
