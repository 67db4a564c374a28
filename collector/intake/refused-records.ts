import type { Interval } from '../../protocol/interval.ts'
import { reasonOf } from '../../protocol/kit/errors.ts'
import { type Append, isRefused, type Store } from '../plugin/store.ts'

/** A record that the store will never take, and why. */
export interface RefusedRecord {
  record: Interval
  reason: string
}

/**
 * Stores an agent's records but for those that the store refuses, however few these are: halves are tried until each is found. The
 * agent's mark is not moved. Rejects where the store fails.
 */
export async function storeGoodRecords(
  store: Pick<Store, 'appendAll'>,
  append: Append,
): Promise<{ good: Append; refused: RefusedRecord[] }> {
  const refused = await refusedOf(store, append, append.records)
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
    await store.appendAll([{ ...part, mark: { ...append.mark, seq: 0 } }])
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
