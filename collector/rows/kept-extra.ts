import type { Extra } from '../../protocol/extra.ts'
import { type Interval, withExtra } from '../../protocol/interval.ts'

/** What a newer agent says about a record, as the field of its row. */
export const extraText = (extra: Extra): { extra: string } => ({ extra: JSON.stringify(extra) })

/** The record with what a text keeps beside it. A text that can't be read adds nothing: the record counts without it. */
export function withExtraText<T extends Interval>(record: T, text: string | undefined): T {
  if (!text) return record
  try {
    return withExtra(record, JSON.parse(text) as Extra)
  } catch {
    return record
  }
}
