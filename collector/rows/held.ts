import type { HeldMark, RecordKey } from '../plugin/held.ts'
import { ownerText } from './escaped-text.ts'

/** The columns of `HeldBack` that are summed. */
export const HELD_BACK_SUMS = ['records', 'revenueNanoUsd', 'energyMilliJ'] as const

/** The key of a record whose owner is a text. */
export const rowKey = (row: Omit<RecordKey, 'owner'> & { owner: string }): string =>
  `${row.agentId}\n${row.deviceId}\n${row.owner}\n${row.startMs}`

export const recordKey = (record: RecordKey): string => rowKey({ ...record, owner: ownerText(record.owner) })

/** The key of a hold: its record's, with kind and check. */
export const holdKey = (mark: Pick<HeldMark, 'kind' | 'check' | keyof RecordKey>): string =>
  `${recordKey(mark)}\n${mark.kind}\n${mark.check}`
