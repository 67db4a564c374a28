import type { AgentInterval } from '../../collector/economics/ledger-row.ts'
import type { Repricing } from '../../collector/plugin/audit-store.ts'
import type {
  Decision,
  HeldBack,
  HeldBackBucket,
  HeldFilter,
  HeldGroup,
  HeldMark,
  HeldRecord,
} from '../../collector/plugin/held.ts'
import type { HeldStore } from '../../collector/plugin/held-store.ts'
import { holdKey, recordKey } from '../../collector/rows/held.ts'
import { minuteOf } from '../../protocol/units.ts'

type Mark = HeldMark & Pick<HeldRecord, 'state' | 'decision'>

/** The part of the store in memory that keeps held records. */
export abstract class MemoryHolds implements HeldStore {
  heldVersion = 0
  readonly records = new Map<string, AgentInterval>()
  readonly repriced = new Map<string, Repricing>()
  readonly holds = new Map<string, Mark>()
  keptBack: HeldBack[] = []

  /** Records that count. */
  protected counting(): AgentInterval[] {
    const held = new Set([...this.holds.values()].filter((m) => m.state !== 'accepted').map(recordKey))
    return [...this.records.values()].filter((r) => !held.has(recordKey(r)))
  }

  async hold(marks: readonly HeldMark[]) {
    if (marks.length > 0) this.heldVersion++
    for (const mark of marks)
      if (!this.holds.has(holdKey(mark))) this.holds.set(holdKey(mark), { ...mark, state: 'open' })
  }

  #matching({
    kinds,
    checks,
    agents,
    devices,
    state,
    decision,
    fromMs = 0,
    toMs = Infinity,
  }: HeldFilter): Mark[] {
    const among = <T>(list: readonly T[] | undefined, value: T) => !list || list.includes(value)
    return [...this.holds.values()]
      .filter(
        (m) =>
          among(kinds, m.kind) &&
          among(checks, m.check) &&
          among(agents, m.agentId) &&
          among(devices, m.deviceId) &&
          (state === undefined || m.state === state) &&
          (decision === undefined || m.decision === decision) &&
          m.startMs >= fromMs &&
          m.startMs < toMs,
      )
      .sort((a, b) => a.startMs - b.startMs)
  }

  async held(filter: HeldFilter, limit: number): Promise<HeldRecord[]> {
    const records = new Map([...this.records.values()].map((r) => [recordKey(r), r]))
    return this.#matching(filter)
      .flatMap((mark): HeldRecord[] => {
        const { kind, check, reason, heldMs, state, decision } = mark
        const record = records.get(recordKey(mark))
        return record
          ? [{ record, kind, check, reason, heldMs, state, ...(decision ? { decision } : {}) }]
          : []
      })
      .slice(0, limit)
  }

  async heldGroups(filter: HeldFilter, limit: number): Promise<HeldGroup[]> {
    const groups = new Map<string, HeldGroup>()
    for (const { agentId, deviceId, kind, check, reason, state, startMs } of this.#matching(filter)) {
      const key = JSON.stringify([agentId, deviceId, kind, check, state])
      const known = groups.get(key)
      const [records, firstMs] = [(known?.records ?? 0) + 1, known?.firstMs ?? startMs]
      groups.set(key, { agentId, deviceId, kind, check, reason, state, records, firstMs, lastMs: startMs })
    }
    return [...groups.values()].sort((a, b) => b.lastMs - a.lastMs).slice(0, limit)
  }

  async decide(repricing: Repricing & { decision: Decision }) {
    this.heldVersion++
    const { id, decision } = repricing
    for (const mark of this.#matching(decision.filter))
      if (mark.state !== decision.verdict)
        this.holds.set(holdKey(mark), { ...mark, state: decision.verdict, decision: id })
    this.repriced.set(id, repricing)
  }

  async decidedMinutes(id: string, fromMs: number, limit: number) {
    const own = [...this.holds.values()].filter((m) => m.decision === id && m.startMs >= fromMs)
    return [...new Set(own.map((m) => minuteOf(m.startMs)))].sort((a, b) => a - b).slice(0, limit)
  }

  async heldBack(fromMs: number, toMs: number, stepMs: number): Promise<HeldBackBucket[]> {
    const buckets = new Map<string, HeldBackBucket>()
    for (const { minuteMs, workload, kind, ...sums } of this.keptBack) {
      if (minuteMs < fromMs || minuteMs >= toMs) continue
      const startMs = minuteMs - (minuteMs % stepMs)
      const key = JSON.stringify([startMs, workload, kind])
      const before = buckets.get(key)
      buckets.set(key, {
        startMs,
        workload,
        kind,
        records: (before?.records ?? 0) + sums.records,
        revenueNanoUsd: (before?.revenueNanoUsd ?? 0) + sums.revenueNanoUsd,
        energyMilliJ: (before?.energyMilliJ ?? 0) + sums.energyMilliJ,
      })
    }
    return [...buckets.values()]
  }
}
