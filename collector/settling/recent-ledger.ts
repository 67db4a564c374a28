import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import { addSums, type LedgerRow, type LedgerSums, zeroSums } from '../economics/ledger-row.ts'
import type { Restatement, Settlement } from '../plugin/audit-store.ts'
import type { LedgerBucket, Store } from '../plugin/store.ts'

const KEPT_MS = 24 * HOUR_MS

/** The last 24 h of the ledger by minute and workload, in memory: the screens read it at every tick without asking the store. */
export class RecentLedger {
  readonly #minutes = new Map<number, Map<string, LedgerSums>>()
  readonly #restated = new Map<number, Restatement>()
  readonly #listeners: (() => void)[] = []

  /** Calls `listener` after each change by `settled`. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Fills it from the store: at the start, and again where the database has lost what it held. */
  async load(store: Store, nowMs: number): Promise<void> {
    const toMs = Math.ceil(nowMs / MINUTE_MS) * MINUTE_MS
    const range = { fromMs: toMs - KEPT_MS, toMs, stepMs: MINUTE_MS }
    const buckets = await store.ledger({ ...range, groupBy: 'workload' })
    const restatements = await store.restatements(range)
    this.#minutes.clear()
    this.#restated.clear()
    for (const b of buckets) this.#minute(b.startMs).set(b.group, b)
    for (const r of restatements) this.#restated.set(r.startMs, r)
  }

  /** Replaces these minutes with what was settled. */
  settled(
    minutes: readonly number[],
    rows: readonly LedgerRow[],
    settlements: readonly Settlement[],
    nowMs: number,
  ): void {
    for (const m of minutes) this.#minutes.set(m, new Map())
    for (const r of rows) {
      const byWorkload = this.#minute(r.minuteMs)
      byWorkload.set(r.workload, addSums(byWorkload.get(r.workload) ?? zeroSums(), r))
    }
    for (const { minuteMs, revision, settledMs } of settlements)
      if (revision > 1) this.#restated.set(minuteMs, { startMs: minuteMs, revision, restatedMs: settledMs })
    for (const kept of [this.#minutes, this.#restated])
      for (const m of kept.keys()) if (m < nowMs - KEPT_MS) kept.delete(m)
    for (const listener of this.#listeners) listener()
  }

  /** When a minute was last settled again with other figures, and its revision; undefined where it never was. */
  restatement(minuteMs: number): Restatement | undefined {
    return this.#restated.get(minuteMs)
  }

  /** How many minutes were settled again with other figures since `ms`. */
  restatedSince(ms: number): number {
    return [...this.#restated.values()].filter((r) => r.restatedMs >= ms).length
  }

  /** How many minutes are held. */
  get count(): number {
    return this.#minutes.size
  }

  /** Start of the newest minute that has a ledger row; undefined where none has. */
  get newestMs(): number | undefined {
    const newest = Math.max(...[...this.#minutes].filter(([, w]) => w.size > 0).map(([m]) => m))
    return Number.isFinite(newest) ? newest : undefined
  }

  /** The sums of one minute by workload. */
  at(minuteMs: number): ReadonlyMap<string, LedgerSums> {
    return this.#minutes.get(minuteMs) ?? new Map()
  }

  /** All minutes, added up in buckets of `stepMs`, oldest first. */
  buckets(stepMs: number): LedgerBucket[] {
    const byKey = new Map<string, LedgerBucket>()
    for (const [minute, workloads] of [...this.#minutes].sort((a, b) => a[0] - b[0]))
      for (const [group, sums] of workloads) {
        const startMs = Math.floor(minute / stepMs) * stepMs
        const key = `${startMs}|${group}`
        const bucket = byKey.get(key) ?? { startMs, group, ...zeroSums() }
        addSums(bucket, sums)
        byKey.set(key, bucket)
      }
    return [...byKey.values()]
  }

  #minute(ms: number): Map<string, LedgerSums> {
    let m = this.#minutes.get(ms)
    if (!m) {
      m = new Map()
      this.#minutes.set(ms, m)
    }
    return m
  }
}
