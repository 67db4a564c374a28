import type { Interval } from '../../protocol/interval.ts'
import { beyondRow, isWithinRow } from '../economics/row-limits.ts'

/** A record's quantities against what the ledger can hold, whatever device it is of. */
export function sizeFault(record: Interval): string | undefined {
  if (isWithinRow(record)) return undefined
  const [first] = beyondRow(record)
  return (
    first &&
    `its ${first.name} is ${first.value}, more than a row of the ledger can hold, ${first.most}; look at its counter: accepting the record counts the rest of it`
  )
}
