import { defined } from '../../protocol/kit/defined.ts'
import type { QuoteName } from '../../protocol/quote.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import type { Loss } from '../plugin/audit-store.ts'
import type { RecentLedger } from '../settling/recent-ledger.ts'
import type { SiteView } from '../views/site.ts'
import type { LiveSnapshot } from './snapshot.ts'

/** Records normally wait for up to a minute, and agents report it once a minute. With an older record, the ledger is behind. */
const BEHIND_MS = 3 * MINUTE_MS
const RECENT_LOSS_MS = 12 * HOUR_MS

/** The state of settlement. */
export interface LedgerProgress {
  /** past minutes that are not settled, or must be settled again */
  overdueMinutes: number
  /** newest first */
  losses: readonly Loss[]
  /** how many settled minutes lack each price */
  unpriced: readonly { name: QuoteName; minutes: number }[]
  /** records that wait for a person’s decision; absent where none do */
  held?: SiteView['ledgerHeld']
  /** what agents send and this version does not know, by agent; absent: nothing */
  unknown?: ReadonlyMap<string, { names: ReadonlySet<string>; records: number }>
}

/** How complete the ledger is: how far it is behind, how many minutes were restated, and which records are lost. */
export function ledgerHealth(
  { agents, atMs }: Pick<LiveSnapshot, 'agents' | 'atMs'>,
  minutes: RecentLedger,
  { overdueMinutes, losses, held, unpriced, unknown = new Map() }: LedgerProgress,
): Pick<
  SiteView,
  | 'ledgerThroughMs'
  | 'ledgerBehind'
  | 'ledgerRestatedMinutes'
  | 'ledgerLosses'
  | 'ledgerHeld'
  | 'ledgerUnpriced'
  | 'ledgerUnknown'
> {
  const newest = minutes.newestMs
  const waiting = agents.filter((a) => a.state === 'online' && (a.spoolOldestMs ?? atMs) < atMs - BEHIND_MS)
  const restated = minutes.restatedSince(atMs - HOUR_MS)
  const recent = losses.filter((loss) => loss.records > 0 && loss.atMs > atMs - RECENT_LOSS_MS)
  return defined({
    ledgerThroughMs: newest === undefined ? undefined : newest + MINUTE_MS,
    ledgerBehind:
      waiting.length > 0
        ? {
            sinceMs: Math.min(...waiting.map((a) => a.spoolOldestMs ?? atMs)),
            records: waiting.reduce((sum, a) => sum + (a.spoolRecords ?? 0), 0),
            minutes: overdueMinutes,
          }
        : undefined,
    ledgerUnpriced: unpriced.length > 0 ? [...unpriced] : undefined,
    ledgerRestatedMinutes: restated > 0 ? restated : undefined,
    ledgerHeld: held,
    ledgerUnknown:
      unknown.size > 0
        ? [...unknown].map(([agentId, { names, records }]) => ({ agentId, quantities: [...names], records }))
        : undefined,
    ledgerLosses:
      recent.length > 0
        ? recent.map(({ agentId, records, atMs: reportedMs, fromMs, toMs }) => ({
            agentId,
            records,
            atMs: reportedMs,
            ...defined({ fromMs, toMs }),
          }))
        : undefined,
  })
}
