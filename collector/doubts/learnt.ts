import type { Interval } from '../../protocol/interval.ts'
import type { Decision } from '../plugin/held.ts'
import type { HeldStore } from '../plugin/held-store.ts'
import type { Doubts } from './doubts.ts'

/** Records of one decision that are looked at: an hour of a large site's servers. */
const MOST_RECORDS = 10_000

/** What a person accepted of servers whose tokens were doubted: they do serve as much, so the next minute is no doubt again. */
export async function learnFrom(
  { verdict, filter }: Decision,
  store: Pick<HeldStore, 'held'>,
  doubts: Pick<Doubts, 'learn'>,
): Promise<void> {
  const about = (list: readonly string[] | undefined, name: string) => !list || list.includes(name)
  if (verdict !== 'accepted' || !about(filter.kinds, 'doubt') || !about(filter.checks, 'tokens')) return
  const accepted = await store.held(
    { ...filter, kinds: ['doubt'], checks: ['tokens'], state: 'accepted' },
    MOST_RECORDS,
  )
  const byDevice = new Map<string, { agentId: string; deviceId: string; records: Interval[] }>()
  for (const { record } of accepted) {
    const { agentId, deviceId } = record
    const key = `${agentId}\n${deviceId}`
    const own = byDevice.get(key) ?? { agentId, deviceId, records: [] }
    own.records.push(record)
    byDevice.set(key, own)
  }
  for (const { agentId, deviceId, records } of byDevice.values()) doubts.learn(agentId, deviceId, records)
}
