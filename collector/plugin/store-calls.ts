import type { Store } from './store.ts'

type Calls = {
  [K in keyof Store]-?: NonNullable<Store[K]> extends (...args: never[]) => unknown ? K : never
}[keyof Store]

/** What each call of a store does: it `writes` where it changes what the store holds; `manages` is no work of the ledger's. */
export const STORE_CALLS: Readonly<Record<Calls, 'reads' | 'writes' | 'manages'>> = {
  open: 'manages',
  close: 'manages',
  onEmptied: 'manages',
  onOvertaken: 'manages',
  check: 'writes',
  append: 'writes',
  appendAll: 'writes',
  highWaters: 'reads',
  firstRecordMs: 'reads',
  newestRecordMs: 'reads',
  intervals: 'reads',
  pastOfDevices: 'reads',
  settle: 'writes',
  ledger: 'reads',
  unsettledMinutes: 'reads',
  workByOwner: 'reads',
  writeTrueUps: 'writes',
  trueUps: 'reads',
  keepText: 'writes',
  keptTexts: 'reads',
  writeSamples: 'writes',
  samples: 'reads',
  writeQuotes: 'writes',
  quotes: 'reads',
  quarantine: 'writes',
  quarantined: 'reads',
  prune: 'writes',
  losses: 'reads',
  pruneLosses: 'writes',
  writeRulesVersion: 'writes',
  removeRulesVersion: 'writes',
  rulesVersions: 'reads',
  settlements: 'reads',
  settledSince: 'reads',
  unpriced: 'reads',
  restatements: 'reads',
  writeRepricing: 'writes',
  repricings: 'reads',
  changes: 'reads',
  hold: 'writes',
  held: 'reads',
  heldGroups: 'reads',
  decide: 'writes',
  decidedMinutes: 'reads',
  heldBack: 'reads',
  writeIssue: 'writes',
  issues: 'reads',
  issueText: 'reads',
  writeClaims: 'writes',
  claims: 'reads',
  writeAdoption: 'writes',
  adoptions: 'reads',
  recordTimes: 'reads',
}

/** What a call does; a name that is no call of a store is undefined. */
export const storeCall = (name: string | symbol): 'reads' | 'writes' | 'manages' | undefined =>
  typeof name === 'string' && Object.hasOwn(STORE_CALLS, name) ? STORE_CALLS[name as Calls] : undefined
