import { addSums, LEDGER_SUMS, type LedgerRow, zeroSums } from '../../collector/economics/ledger-row.ts'
import type { TrueUp } from '../../collector/economics/true-up.ts'
import type {
  Change,
  ChangeBucket,
  Loss,
  Repricing,
  RulesVersion,
  Settlement,
} from '../../collector/plugin/audit-store.ts'
import type { Issue, IssueText } from '../../collector/plugin/issue-store.ts'
import type {
  Append,
  DevicePast,
  HighWater,
  LedgerBucket,
  LedgerQuery,
  OwnerWork,
  Quarantined,
  SettledWith,
  Store,
} from '../../collector/plugin/store.ts'
import { ofMinutes, whole } from '../../collector/rows/rows.ts'
import { intervalKey } from '../../protocol/interval.ts'
import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Quote } from '../../protocol/quote.ts'
import { minuteOf } from '../../protocol/units.ts'
import { MemoryClaims } from './memory-claims.ts'

/** A store in memory with the contract's semantics, for tests of the code that uses a store; the real ones have the contract test. */
export class MemoryStore extends MemoryClaims implements Store {
  readonly name = 'memory'
  readonly marks = new Map<string, HighWater>()
  readonly aside: Quarantined[] = []
  rows: LedgerRow[] = []
  readonly lost: Loss[] = []
  readonly settled = new Map<number, Settlement>()
  readonly changed: Change[] = []
  readonly rules: RulesVersion[] = []
  /** set to make the next appends fail */
  failure: Error | undefined
  /** deviceId whose records are refused */
  refuses: string | undefined
  /** transactions asked for */
  appends = 0

  async open() {}
  async close() {}

  append(agentId: string, mark: HighWater, records: Append['records']) {
    return this.appendAll([{ agentId, mark, records }])
  }

  async appendAll(parts: readonly Append[]) {
    this.appends++
    if (this.failure) throw this.failure
    const refused = parts.find((part) => part.records.some((r) => r.deviceId === this.refuses))
    if (refused) throw new PerwattError('store-refused', `memory: ${this.refuses} is refused`)
    for (const { agentId, mark, records, holds = [], losses = [] } of parts) {
      const fresh = holds.filter(({ record }) => !this.records.has(`${agentId}|${intervalKey(record)}`))
      await this.hold(
        fresh.map(({ record: { deviceId, owner, startMs }, ...hold }) => ({
          ...hold,
          agentId,
          deviceId,
          owner,
          startMs,
        })),
      )
      for (const r of records) {
        const key = `${agentId}|${intervalKey(r)}`
        if (!this.records.has(key)) this.records.set(key, { ...r, agentId })
      }
      this.lost.push(...losses)
      this.marks.set(agentId, mark)
    }
  }

  async highWaters() {
    return new Map(this.marks)
  }

  async intervals(fromMs: number, toMs: number, agentId?: string) {
    const isOwn = (r: { agentId: string }) => agentId === undefined || r.agentId === agentId
    return this.counting().filter((r) => r.startMs >= fromMs && r.startMs < toMs && isOwn(r))
  }

  async pastOfDevices(fromMs: number, energyFromMs: number) {
    const pasts = new Map<string, DevicePast>()
    const counting = new Set(this.counting())
    for (const r of this.records.values()) {
      const key = `${r.agentId}\n${r.deviceId}`
      if (r.startMs < fromMs) continue
      const past = pasts.get(key) ?? { agentId: r.agentId, deviceId: r.deviceId, endMs: 0 }
      pasts.set(key, past)
      past.endMs = Math.max(past.endMs, r.startMs + r.durationMs)
      if (r.startMs < energyFromMs || r.energyMilliJ === undefined || !counting.has(r)) continue
      past.energy ??= { energyMilliJ: 0, exportedMilliJ: 0, overMs: 0 }
      past.energy.energyMilliJ += r.energyMilliJ
      past.energy.exportedMilliJ += r.exportedMilliJ ?? 0
      past.energy.overMs += r.durationMs
    }
    return [...pasts.values()]
  }

  async firstRecordMs() {
    const starts = [...this.records.values()].map((r) => r.startMs)
    return starts.length > 0 ? Math.min(...starts) : undefined
  }

  async settle(minutes: readonly number[], rows: readonly LedgerRow[], settledWith: SettledWith = {}) {
    const { settlements = [], changes = [], heldBack = [], repricing } = settledWith
    ofMinutes('memory', minutes, rows)
    if (heldBack.length > 0) this.heldVersion++
    for (const row of rows) for (const name of LEDGER_SUMS) whole('memory', name, row[name])
    const named = new Set(minutes)
    const there = this.#minutesOf(this.rows)
    const kept = minutes.some((m) => there.has(m))
      ? this.rows.filter((r) => !named.has(r.minuteMs))
      : this.rows
    this.rows = kept.concat(rows)
    // a filter for each of 50,000 new minutes would take longer than settling them; a minute that became empty may stay in the index
    for (const r of rows) there.add(r.minuteMs)
    this.#index = { rows: this.rows, minutes: there }
    this.keptBack = [...this.keptBack.filter((h) => !named.has(h.minuteMs)), ...heldBack]
    if (settledWith.takesBack) for (const m of minutes) this.settled.delete(m)
    for (const s of settlements) this.settled.set(s.minuteMs, s)
    this.changed.push(...changes)
    if (repricing) this.repriced.set(repricing.id, repricing)
  }

  #index: { rows: readonly LedgerRow[]; minutes: Set<number> } | undefined
  #minutesOf(rows: readonly LedgerRow[]): Set<number> {
    return this.#index?.rows === rows ? this.#index.minutes : new Set(rows.map((r) => r.minuteMs))
  }

  async ledger({ fromMs, toMs, stepMs }: LedgerQuery): Promise<LedgerBucket[]> {
    const buckets = new Map<string, LedgerBucket>()
    for (const r of this.rows.filter((row) => row.minuteMs >= fromMs && row.minuteMs < toMs)) {
      const startMs = r.minuteMs - (r.minuteMs % stepMs)
      const key = `${startMs}|${r.workload}`
      const bucket = buckets.get(key) ?? { startMs, group: r.workload, ...zeroSums() }
      addSums(bucket, r)
      buckets.set(key, bucket)
    }
    return [...buckets.values()].sort((a, b) => a.startMs - b.startMs)
  }

  async unsettledMinutes(fromMs: number, toMs: number) {
    const counts = new Map<number, number>()
    // records that are stored, held or not, less those that were settled
    const stored = new Map<number, number>()
    for (const r of await this.intervals(fromMs, toMs))
      counts.set(minuteOf(r.startMs), (counts.get(minuteOf(r.startMs)) ?? 0) + 1)
    for (const r of this.rows)
      if (r.minuteMs >= fromMs && r.minuteMs < toMs)
        counts.set(r.minuteMs, (counts.get(r.minuteMs) ?? 0) - r.intervals)
    for (const r of this.records.values())
      stored.set(minuteOf(r.startMs), (stored.get(minuteOf(r.startMs)) ?? 0) + 1)
    for (const r of this.rows) stored.set(r.minuteMs, (stored.get(r.minuteMs) ?? 0) - r.intervals)
    return [...counts].filter(([m, n]) => n !== 0 && (stored.get(m) ?? 0) >= 0).map(([m]) => m)
  }

  async losses() {
    return this.lost.toReversed()
  }
  async pruneLosses(keep: number) {
    const newest = (loss: Loss) =>
      this.lost.filter((l) => l.agentId === loss.agentId && l.atMs > loss.atMs).length
    const kept = this.lost.filter((loss) => newest(loss) < keep)
    this.lost.splice(0, this.lost.length, ...kept)
  }
  async writeRulesVersion(version: RulesVersion) {
    await this.removeRulesVersion(version)
    this.rules.push(version)
    this.rules.sort((a, b) => a.fromMs - b.fromMs)
  }
  async removeRulesVersion({ version, fromMs }: Pick<RulesVersion, 'version' | 'fromMs'>) {
    const at = this.rules.findIndex((r) => r.version === version && r.fromMs === fromMs)
    if (at >= 0) this.rules.splice(at, 1)
  }
  async rulesVersions() {
    return [...this.rules]
  }
  async settlements(fromMs: number, toMs: number) {
    const found: Settlement[] = []
    for (let minute = Math.ceil(fromMs / 60_000) * 60_000; minute < toMs; minute += 60_000) {
      const settlement = this.settled.get(minute)
      if (settlement) found.push(settlement)
    }
    return found
  }
  async settledSince(fromMs: number, toMs: number, sinceMs: number) {
    return (await this.settlements(fromMs, toMs)).filter((s) => s.settledMs > sinceMs)
  }
  async unpriced(fromMs: number, toMs: number) {
    return (await this.settlements(fromMs, toMs)).flatMap(({ minuteMs, missing }) =>
      missing ? { minuteMs, missing } : [],
    )
  }
  async restatements() {
    return []
  }
  readonly issued = new Map<string, { issue: Issue; texts: readonly IssueText[] }>()
  async writeIssue(issue: Issue, texts: readonly IssueText[]) {
    if (!this.issued.has(issue.number)) this.issued.set(issue.number, { issue, texts })
  }
  async issues() {
    return [...this.issued.values()].map(({ issue }) => issue)
  }
  async issueText(number: string, part: string) {
    return this.issued.get(number)?.texts.find((text) => text.part === part)?.text
  }
  async writeRepricing(repricing: Repricing) {
    this.repriced.set(repricing.id, repricing)
  }
  async repricings() {
    return [...this.repriced.values()].toReversed()
  }
  async changes({ id }: Pick<Repricing, 'id'>): Promise<ChangeBucket[]> {
    return this.changed
      .filter((c) => c.repricing === id)
      .map(({ minuteMs, ...c }) => ({ ...c, startMs: minuteMs }))
  }

  readonly trued = new Map<string, TrueUp>()
  async writeTrueUps(trueUps: readonly TrueUp[]) {
    for (const t of trueUps) this.trued.set(`${t.dayMs} ${t.workload} ${t.worker}`, t)
  }
  async trueUps(fromMs: number, toMs: number) {
    return [...this.trued.values()].filter((t) => t.dayMs >= fromMs && t.dayMs < toMs)
  }
  async workByOwner(workload: string, fromMs: number, toMs: number) {
    const owners = new Map<string, OwnerWork>()
    const own = this.rows.filter(
      (r) => r.workload === workload && r.deviceId !== '' && r.minuteMs >= fromMs && r.minuteMs < toMs,
    )
    for (const r of own) {
      const key = JSON.stringify([r.owner, r.agentId, r.deviceId])
      const sum = owners.get(key) ?? {
        owner: r.owner,
        agentId: r.agentId,
        deviceId: r.deviceId,
        workDiff1: 0,
        estimatedWorkDiff1: 0,
        coveredMs: 0,
        workScatterDiff1: 0,
        estimatedCoveredMs: 0,
      }
      sum.workDiff1 += r.workDiff1
      sum.coveredMs += r.coveredMs
      sum.estimatedWorkDiff1 += r.estimatedWorkDiff1
      if (r.estimatedWorkDiff1 > 0) sum.estimatedCoveredMs += r.coveredMs
      owners.set(key, sum)
    }
    for (const [key, sum] of owners) {
      const minutes = own.filter((r) => JSON.stringify([r.owner, r.agentId, r.deviceId]) === key)
      const mean = sum.workDiff1 / minutes.length
      sum.workScatterDiff1 = Math.sqrt(minutes.reduce((total, r) => total + (r.workDiff1 - mean) ** 2, 0))
    }
    return [...owners.values()]
  }

  readonly keptByKind = new Map<string, Map<string, string>>()
  async keepText(kind: string, name: string, text: string) {
    this.keptByKind.set(kind, (this.keptByKind.get(kind) ?? new Map<string, string>()).set(name, text))
  }
  async keptTexts(kind: string) {
    return new Map(this.keptByKind.get(kind))
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
  async newestRecordMs() {
    const starts = [...this.records.values()].map(({ startMs }) => startMs)
    return starts.length > 0 ? Math.max(...starts) : undefined
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
