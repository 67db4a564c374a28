import { addSums, LEDGER_SUMS, type LedgerSums, zeroSums } from '../economics/ledger-row.ts'

/** A group's sums before and after. */
export interface ChangedSums {
  group: string
  before: LedgerSums
  after: LedgerSums
}

/** The groups whose sums differ; a group that is missing on one side counts as zero there. */
export const changedSums = (
  before: ReadonlyMap<string, LedgerSums>,
  after: ReadonlyMap<string, LedgerSums>,
): ChangedSums[] =>
  [...new Set([...before.keys(), ...after.keys()])]
    .map((group) => ({
      group,
      before: addSums(zeroSums(), before.get(group) ?? zeroSums()),
      after: addSums(zeroSums(), after.get(group) ?? zeroSums()),
    }))
    .filter((change) => LEDGER_SUMS.some((name) => change.before[name] !== change.after[name]))
