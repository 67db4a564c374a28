import { LEDGER_SUMS, type LedgerSums } from '../economics/ledger-row.ts'
import type { ChangeBucket } from '../plugin/audit-store.ts'

/** A repricing's sums before and after, as columns of one row: `energyMilliJBefore`, `energyMilliJAfter`, ... */
export const CHANGE_SUMS = LEDGER_SUMS.flatMap((name) => [`${name}Before`, `${name}After`] as const)
export type ChangeSums = Record<(typeof CHANGE_SUMS)[number], number>

export const changeColumns = ({ before, after }: Pick<ChangeBucket, 'before' | 'after'>): ChangeSums =>
  Object.fromEntries(
    LEDGER_SUMS.flatMap((name) => [
      [`${name}Before`, before[name]],
      [`${name}After`, after[name]],
    ]),
  ) as ChangeSums

export function changeOfColumns(row: ChangeSums): Pick<ChangeBucket, 'before' | 'after'> {
  const side = (suffix: 'Before' | 'After') =>
    Object.fromEntries(LEDGER_SUMS.map((name) => [name, row[`${name}${suffix}`]])) as LedgerSums
  return { before: side('Before'), after: side('After') }
}
