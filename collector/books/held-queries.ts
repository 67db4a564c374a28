import { MILLIJOULES_PER_KWH, NANO_USD_PER_USD } from '../../protocol/units.ts'
import type { TakeBack, TakeBackRequest } from '../intake/take-back.ts'
import type { TakeIn, TakeInRequest } from '../intake/take-in.ts'
import type { HeldBackBucket, HeldFilter, HeldGroup } from '../plugin/held.ts'
import type { Store } from '../plugin/store.ts'
import type { Repricer } from '../settling/repricer.ts'
import type { DecisionRequest } from '../settling/repricing-request.ts'
import type { LossView, RepricingView } from './audit-views.ts'
import type { HeldBackView, HeldView } from './held-views.ts'
import { repricingView } from './repricing-view.ts'

const iso = (ms: number): string => new Date(ms).toISOString()

/** What is held back, summed over any time: the sums of a workload and kind. */
function heldBackViews(buckets: readonly HeldBackBucket[]): HeldBackView[] {
  const sums = new Map<string, HeldBackView>()
  for (const { workload, kind, records, revenueNanoUsd, energyMilliJ } of buckets) {
    const key = `${workload}\n${kind}`
    const before = sums.get(key)
    sums.set(key, {
      workload,
      kind,
      records: (before?.records ?? 0) + records,
      revenueUsd: (before?.revenueUsd ?? 0) + revenueNanoUsd / NANO_USD_PER_USD,
      energyKwh: (before?.energyKwh ?? 0) + energyMilliJ / MILLIJOULES_PER_KWH,
    })
  }
  return [...sums.values()]
}

/** What is held of each agent, as records that are missing from the ledger. */
export function heldByAgent(groups: readonly HeldGroup[]): LossView[] {
  const agents = new Map<string, HeldGroup>()
  for (const group of groups) {
    const key = `${group.agentId}\n${group.kind}`
    const before = agents.get(key) ?? { ...group, records: 0 }
    agents.set(key, {
      ...before,
      records: before.records + group.records,
      firstMs: Math.min(before.firstMs, group.firstMs),
      lastMs: Math.max(before.lastMs, group.lastMs),
    })
  }
  return [...agents.values()].map(({ agentId, kind, records, firstMs, lastMs }) => ({
    agentId,
    records,
    at: iso(lastMs),
    held: kind,
    from: iso(firstMs),
    to: iso(lastMs),
  }))
}

/** Decides about held records, and tells what is held. Every method rejects with a PerwattError where the store fails. */
export class HeldQueries {
  readonly #store: Store
  readonly #repricer: Repricer
  readonly #takeIn: TakeIn
  readonly #takeBack: TakeBack
  readonly #nowMs: () => number

  constructor(options: {
    store: Store
    repricer: Repricer
    takeIn: TakeIn
    takeBack: TakeBack
    nowMs: () => number
  }) {
    this.#takeIn = options.takeIn
    this.#takeBack = options.takeBack
    this.#store = options.store
    this.#repricer = options.repricer
    this.#nowMs = options.nowMs
  }

  async held(filter: HeldFilter, limit: number): Promise<HeldView> {
    const { fromMs = 0, toMs = this.#nowMs() } = filter
    const groups = await this.#store.heldGroups(filter, limit)
    const open = await this.#store.heldBack(fromMs, toMs, Math.max(1, toMs))
    return {
      groups: groups.map(({ firstMs, lastMs, ...group }) => ({
        ...group,
        from: iso(firstMs),
        to: iso(lastMs),
      })),
      open: heldBackViews(open),
    }
  }

  /** Resolves when the decision is stored; its minutes are settled after that. Undefined where no held record matches. */
  async decide(request: DecisionRequest): Promise<RepricingView | undefined> {
    const repricing = await this.#repricer.decide(request)
    return repricing && repricingView(repricing)
  }

  /** Takes records in that were put aside. Resolves as `decide` does; undefined where none matches. */
  async takeIn(request: TakeInRequest): Promise<RepricingView | undefined> {
    const repricing = await this.#takeIn.request(request)
    return repricing && repricingView(repricing)
  }

  /** Undoes that. Resolves as `decide` does; undefined where nothing of it counts. */
  async takeBack(request: TakeBackRequest): Promise<RepricingView | undefined> {
    const repricing = await this.#takeBack.request(request)
    return repricing && repricingView(repricing)
  }
}
