import type { Interval } from '../../protocol/interval.ts'
import type { Decision } from '../plugin/held.ts'
import type { HeldStore } from '../plugin/held-store.ts'
import type { Doubts } from './doubts.ts'

/** Records of one decision that are looked at: an hour of a large site's servers. */
const MOST_RECORDS = 10_000

/** The checks from whose decisions something is learnt. */
const LEARNING = ['tokens', 'energy']

/**
 * A server that was doubted for its tokens, or a meter for its energy, does as much as a person accepted, so the next minute is no doubt
 * again. Where he takes it back, that is forgotten.
 */
export async function learnFrom(
  { verdict, filter }: Decision,
  store: Pick<HeldStore, 'held'>,
  doubts: Pick<Doubts, 'learn' | 'unlearn'>,
): Promise<void> {
  const isTakenBack = verdict === 'rejected' && filter.state === 'accepted'
  if ((verdict !== 'accepted' && !isTakenBack) || (filter.kinds && !filter.kinds.includes('doubt'))) return
  const checks = LEARNING.filter((check) => !filter.checks || filter.checks.includes(check))
  if (checks.length === 0) return
  const decided = await store.held({ ...filter, kinds: ['doubt'], checks, state: verdict }, MOST_RECORDS)
  const byDevice = new Map<string, { agentId: string; deviceId: string; records: Interval[] }>()
  for (const { record } of decided) {
    const { agentId, deviceId } = record
    const key = `${agentId}\n${deviceId}`
    const own = byDevice.get(key) ?? { agentId, deviceId, records: [] }
    own.records.push(record)
    byDevice.set(key, own)
  }
  for (const { agentId, deviceId, records } of byDevice.values())
    if (isTakenBack) doubts.unlearn(agentId, deviceId)
    else doubts.learn(agentId, deviceId, records)
}
