import type { Log } from '../../protocol/kit/log.ts'
import type { AgentInterval, LedgerRow } from '../economics/ledger-row.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import type { Settlement } from '../plugin/audit-store.ts'
import type { Store } from '../plugin/store.ts'
import type { FurtherDoubts } from './meter-doubts.ts'
import type { Pricing } from './pricing.ts'
import type { SettlingClock } from './settling-clock.ts'

/** What settling needs. */
export interface SettlerOptions extends FurtherDoubts {
  store: Store
  pricing: Pricing
  devices: KnownDevices
  nowMs: () => number
  log: Log
  /** how long after its end a minute waits for its records; a later record settles it again */
  settleDelayMs: number
  /** how far back a start looks for minutes that an earlier run left unsettled: as far as records are taken */
  retentionMs: number
  /** whether minutes may be settled now: the collector's clock can be trusted; absent: always */
  maySettle?(): boolean
  /** the clock by which minutes are settled; absent: it is confirmed */
  clock?: SettlingClock
  /** called with the records that count in minutes, before these are settled; where it rejects, they are settled later */
  settling?(records: readonly AgentInterval[]): Promise<void>
  onSettled(minutes: readonly number[], rows: readonly LedgerRow[], settlements: readonly Settlement[]): void
}
