import type { WrittenTruth } from '../../agent/simulator/run-site.ts'
import type { AgentInterval } from '../../collector/economics/ledger-row.ts'
import type { LedgerBucket, Quarantined, Store } from '../../collector/plugin/store.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { ClockStretch } from './clock.ts'
import type { ClosedRecords } from './closed-records.ts'

/** The contents of the store after the run. */
export interface Stored {
  intervals: AgentInterval[]
  /** the ledger by minute and device, and by minute and workload */
  byDevice: LedgerBucket[]
  byWorkload: LedgerBucket[]
  unsettledMinutes: number[]
  quarantined: Quarantined[]
}

/** The inputs of all checks. */
export interface Evidence {
  stored: Stored
  /** closed records, by agent */
  closed: ReadonlyMap<string, ClosedRecords>
  /**
   * mJ by device that an agent integrated from power while the device's counter stood still, at the end of the run. The world stands
   * still with its last power, so the counter never shows them.
   */
  aheadMilliJ: ReadonlyMap<string, number>
  /** the emulated world's true state, one entry a second, oldest first; at the end the world stood still */
  truth: readonly WrittenTruth[]
  /** when and by how much each agent's clock was wrong */
  clocks: ReadonlyMap<string, readonly ClockStretch[]>
  /** deviceId of the site meter */
  meter: string
}

/** Reads the whole store of a run. */
export async function readStore(store: Store, fromMs: number, toMs: number): Promise<Stored> {
  const range = { fromMs: minuteOf(fromMs), toMs: minuteOf(toMs) + MINUTE_MS }
  const ledger = (groupBy: 'device' | 'workload') => store.ledger({ ...range, stepMs: MINUTE_MS, groupBy })
  return {
    intervals: await store.intervals(range.fromMs, range.toMs),
    byDevice: await ledger('device'),
    byWorkload: await ledger('workload'),
    unsettledMinutes: await store.unsettledMinutes(range.fromMs, range.toMs),
    quarantined: await store.quarantined(1000),
  }
}
