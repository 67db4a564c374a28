import type { Interval } from '../../protocol/interval.ts'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Loss } from '../plugin/audit-store.ts'
import { type Append, type HighWater, isRefused, type Store } from '../plugin/store.ts'

/** A record that the store will never take, and why. */
export interface RefusedRecord {
  record: Interval
  reason: string
}

/**
 * Stores an agent's records but for those that the store refuses, however few these are: halves are tried until each is found. The
 * agent's mark is not moved. Rejects where the store fails.
 * @param mark how far the agent's records are in the store meanwhile
 */
export async function storeGoodRecords(
  store: Pick<Store, 'appendAll'>,
  append: Append,
  mark: HighWater,
): Promise<{ good: Append; refused: RefusedRecord[] }> {
  const refused = await refusedOf(store, { ...append, mark }, append.records)
  const bad = new Set(refused.map(({ record }) => record))
  return {
    good: withRecords(
      append,
      append.records.filter((record) => !bad.has(record)),
    ),
    refused,
  }
}

async function refusedOf(
  store: Pick<Store, 'appendAll'>,
  append: Append,
  records: readonly Interval[],
): Promise<RefusedRecord[]> {
  if (records.length === 0) return []
  try {
    const { losses: _, ...part } = withRecords(append, records)
    await store.appendAll([part])
    return []
  } catch (error) {
    if (!isRefused(error)) throw error
    const [only] = records
    if (only && records.length === 1) return [{ record: only, reason: reasonOf(error) }]
    const middle = records.length >>> 1
    return [
      ...(await refusedOf(store, append, records.slice(0, middle))),
      ...(await refusedOf(store, append, records.slice(middle))),
    ]
  }
}

function withRecords(append: Append, records: readonly Interval[]): Append {
  const kept = new Set(records)
  return { ...append, records, holds: (append.holds ?? []).filter(({ record }) => kept.has(record)) }
}

/** The records of a batch that the store refuses: they are missing from the ledger too. Undefined where there are none. */
export function refusedLoss(
  { agentId, mark }: Append,
  refused: readonly RefusedRecord[],
  atMs: number,
): Loss | undefined {
  const [first] = refused
  if (!first) return undefined
  const starts = refused.map(({ record }) => record.startMs)
  return {
    agentId,
    epoch: mark.epoch,
    seq: mark.seq + 1,
    records: refused.length,
    atMs,
    fromMs: starts.reduce((a, b) => Math.min(a, b)),
    toMs: starts.reduce((a, b) => Math.max(a, b)),
    cause: `the store refuses them: ${first.reason}`,
  }
}
