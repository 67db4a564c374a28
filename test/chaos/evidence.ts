import type { WrittenTruth } from '../../agent/simulator/run-site.ts'
import type { AgentInterval } from '../../collector/economics/ledger-row.ts'
import type { Loss } from '../../collector/plugin/audit-store.ts'
import type { LedgerBucket, Quarantined, Store } from '../../collector/plugin/store.ts'
import type { AlertView } from '../../collector/views/alert.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { ClockStretch } from './clock.ts'
import type { ClosedRecords, Overwritten } from './closed-records.ts'
import type { FaultKind } from './faults.ts'
import { METER } from './settings.ts'
import type { ChaosSite } from './site.ts'
import type { MachineReset } from './truth.ts'

/** The contents of the store after the run. */
export interface Stored {
  intervals: AgentInterval[]
  /** the ledger by minute and device, and by minute and workload */
  byDevice: LedgerBucket[]
  byWorkload: LedgerBucket[]
  unsettledMinutes: number[]
  quarantined: Quarantined[]
  losses: Loss[]
}

/** A fault that struck. */
export interface Struck {
  kind: FaultKind
  target: string
  fromMs: number
  toMs: number
}

/** What the run did to the site beyond kills, cuts and steps: it bounds what can still be compared, and how exactly. */
export interface Suffered {
  faults: readonly Struck[]
  /** agents whose spool was restored, rolled back or copied, or of which two ran */
  copied: ReadonlySet<string>
  overwritten: readonly Overwritten[]
  /** whether the database lost stored records */
  emptied: boolean
  /** when the machines lost their counters */
  resets: readonly MachineReset[]
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
  suffered: Suffered
  /** every alert that fired while the collector answered */
  alerts: readonly AlertView[]
  /** whether a quarantined message is of a hostile client */
  isForged: (quarantined: Quarantined) => boolean
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
    losses: await store.losses(1000),
  }
}

/** What a site shows at the end of a run. */
export const collectEvidence = (
  site: ChaosSite,
  stored: Stored,
  faults: readonly Struck[] = [],
): Evidence => ({
  stored,
  closed: site.closed,
  aheadMilliJ: site.aheadMilliJ,
  truth: site.truth.series,
  clocks: new Map([...site.clocks].map(([agent, clock]) => [agent, clock.history])),
  meter: METER,
  suffered: {
    faults,
    copied: site.copied,
    overwritten: site.overwritten,
    emptied: site.emptied,
    resets: site.resets,
  },
  alerts: [...site.alerts.all.values()],
  // quarantine keeps each byte as a character
  isForged: ({ payload }) => site.hostile.sent(Buffer.from(payload, 'latin1')),
})
