import type { Quote } from '../../collector/quotes.ts'
import type {
  AgentInterval,
  HighWater,
  LedgerBucket,
  LedgerRow,
  Quarantined,
  Store,
} from '../../collector/store.ts'
import { LEDGER_SUMS } from '../../collector/store.ts'
import { intervalKey } from '../../protocol/interval.ts'
import { minuteOf } from '../../protocol/units.ts'

/** A store in memory with the contract's semantics, for tests of what stands before it; the real ones have their own. */
export class MemoryStore implements Store {
  readonly name = 'memory'
  readonly records = new Map<string, AgentInterval>()
  readonly marks = new Map<string, HighWater>()
  readonly aside: Quarantined[] = []
  rows: LedgerRow[] = []
  /** set to make the next appends fail */
  failure: Error | undefined

  async open() {}
  async close() {}

  async append(agentId: string, mark: HighWater, records: Parameters<Store['append']>[2]) {
    if (this.failure) throw this.failure
    for (const r of records) {
      const key = `${agentId}|${intervalKey(r)}`
      if (!this.records.has(key)) this.records.set(key, { ...r, agentId })
    }
    this.marks.set(agentId, mark)
  }

  async highWaters() {
    return new Map(this.marks)
  }

  async intervals(fromMs: number, toMs: number) {
    return [...this.records.values()].filter((r) => r.startMs >= fromMs && r.startMs < toMs)
  }

  async settle(minutes: readonly number[], rows: readonly LedgerRow[]) {
    this.rows = [...this.rows.filter((r) => !minutes.includes(r.minuteMs)), ...rows]
  }

  async ledger(): Promise<LedgerBucket[]> {
    return []
  }

  async unsettledMinutes(fromMs: number, toMs: number) {
    const counts = new Map<number, number>()
    for (const r of await this.intervals(fromMs, toMs))
      counts.set(minuteOf(r.startMs), (counts.get(minuteOf(r.startMs)) ?? 0) + 1)
    for (const r of this.rows) counts.set(r.minuteMs, (counts.get(r.minuteMs) ?? 0) - r.intervals)
    return [...counts].filter(([, n]) => n !== 0).map(([m]) => m)
  }

  async writeSamples() {}
  async samples() {
    return []
  }
  readonly kept: Quote[] = []
  async writeQuotes(quotes: readonly Quote[]) {
    this.kept.push(...quotes)
  }
  async quotes() {
    return this.kept
  }
  async quarantine(entries: readonly Quarantined[]) {
    this.aside.push(...entries)
  }
  async quarantined() {
    return this.aside
  }
  async prune() {}

  /** The ledger's sums by workload. */
  sums(): Record<string, Record<string, number>> {
    const sums: Record<string, Record<string, number>> = {}
    for (const r of this.rows) {
      const into = sums[r.workload] ?? {}
      sums[r.workload] = into
      for (const name of LEDGER_SUMS) into[name] = (into[name] ?? 0) + r[name]
    }
    return sums
  }
}
