import { HOUR_MS } from '../../protocol/units.ts'
import type { HeldBackBucket } from '../plugin/held.ts'
import type { HeldStore } from '../plugin/held-store.ts'
import { ALL_HELD } from '../plugin/held-store.ts'
import type { Store } from '../plugin/store.ts'
import type { OpenOfMonth } from '../views/provisional.ts'
import type { LedgerMonth } from './ledger-month.ts'
import type { StatementFacts } from './statement-facts.ts'

/** Losses that a statement considers: the newest ones. */
const MAX_LOSSES = 1_000
const DAY_MS = 24 * HOUR_MS

/** What the site's agents recorded in a time and the ledger does not have. */
export async function missingIn(
  store: Pick<Store, 'losses'> & Pick<HeldStore, 'held' | 'heldGroups'>,
  { startMs, endMs }: { startMs: number; endMs: number },
): Promise<Pick<StatementFacts, 'lostRecords' | 'putAsideRecords'>> {
  const losses = (await store.losses(MAX_LOSSES)).filter(
    ({ atMs, fromMs = atMs, toMs = atMs }) => fromMs < endMs && toMs + 1 > startMs,
  )
  return {
    lostRecords: losses.reduce((sum, { records }) => sum + records, 0),
    putAsideRecords: await putAsideIn(store, (ms) => ms >= startMs && ms < endMs),
  }
}

/**
 * Records that were put aside and wait for a decision: those that start in the time by their own clock, and those that came in it. In
 * which minutes the latter are missing is not known where their clock was wrong.
 */
async function putAsideIn(
  store: Pick<HeldStore, 'held' | 'heldGroups'>,
  isIn: (ms: number) => boolean,
): Promise<number> {
  const filter = { kinds: ['quarantine'], state: 'open' } as const
  // nearly always there are none
  if ((await store.heldGroups(filter, 1)).length === 0) return 0
  const held = await store.held(filter, ALL_HELD)
  return held.filter(({ record, heldMs }) => isIn(record.startMs) || isIn(heldMs)).length
}

/** What of a month is still open: the records count for nothing until a person decides. */
export function openOf(
  { waitingMinutes }: Pick<LedgerMonth, 'waitingMinutes'>,
  putAsideRecords: number,
  heldBack: readonly HeldBackBucket[],
): OpenOfMonth {
  const doubtful = heldBack.filter(({ kind }) => kind !== 'quarantine')
  const doubtfulRecords = doubtful.reduce((sum, { records }) => sum + records, 0)
  return {
    waitingMinutes,
    ...(putAsideRecords > 0 ? { putAsideRecords } : {}),
    ...(doubtfulRecords > 0 ? { doubtfulRecords } : {}),
  }
}

/** What of a month is open for the whole site. */
export async function openIn(
  store: Pick<Store, 'losses'> & HeldStore,
  month: Pick<LedgerMonth, 'waitingMinutes' | 'period'>,
): Promise<OpenOfMonth> {
  const { startMs, endMs } = month.period
  const { putAsideRecords } = await missingIn(store, month.period)
  return openOf(month, putAsideRecords, await store.heldBack(startMs, endMs, DAY_MS))
}
