import { type Interval, intervalKey } from '../../protocol/interval.ts'
import type { HeldFilter } from '../plugin/held.ts'
import { ALL_HELD } from '../plugin/held-store.ts'
import type { Store } from '../plugin/store.ts'

/** A record with its agent. */
export interface OfAgent {
  agentId: string
  record: Interval
}

export const keyOf = ({ agentId, record }: OfAgent): string => `${agentId}|${intervalKey(record)}`

/** The open doubts about these records, for a decision; undefined where there are none, or doubts about others stand between. */
export async function openDoubtsOf(
  store: Pick<Store, 'held'>,
  records: readonly OfAgent[],
): Promise<HeldFilter | undefined> {
  if (records.length === 0) return undefined
  const starts = records.map(({ record }) => record.startMs)
  const filter: HeldFilter = {
    kinds: ['doubt'],
    state: 'open',
    agents: [...new Set(records.map(({ agentId }) => agentId))],
    devices: [...new Set(records.map(({ record }) => record.deviceId))],
    fromMs: starts.reduce((a, b) => Math.min(a, b)),
    toMs: starts.reduce((a, b) => Math.max(a, b)) + 1,
  }
  const keys = new Set(records.map(keyOf))
  const open = await store.held(filter, ALL_HELD)
  const isTheirs = open.every(({ record }) => keys.has(keyOf({ agentId: record.agentId, record })))
  return open.length > 0 && isTheirs ? filter : undefined
}
