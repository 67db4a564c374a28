import { MINUTE_MS } from '../../protocol/units.ts'
import type { AgentInterval } from '../economics/ledger-row.ts'
import { addSums, zeroSums } from '../economics/ledger-row.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import type { Ledger } from '../intake/ledger.ts'
import type { Quarantine } from '../intake/quarantine.ts'
import type { ChangeBucket, Repricing } from '../plugin/accounts.ts'
import type { Store } from '../plugin/store.ts'
import type { Pricing } from '../settling/pricing.ts'
import type { Repricer, RepricingRequest } from '../settling/repricer.ts'
import type { Explanation } from '../views/explanation.ts'
import type { AuditView, Books, LossView, QuarantineView, RepricingView } from './books.ts'
import { explainMinute } from './explanation.ts'
import { ledgerFigure } from './ledger-figure.ts'

const DAY_MS = 1440 * MINUTE_MS
/** Repricings that the audit trail is searched for one. */
const LOOKED_BACK = 1_000
const iso = (ms: number): string => new Date(ms).toISOString()

export interface BookkeeperOptions {
  store: Store
  ledger: Ledger
  pricing: Pricing
  repricer: Repricer
  quarantine: Quarantine
  devices: KnownDevices
}

/** Answers for the books, out of the store and of those that keep it. */
export class Bookkeeper implements Books {
  readonly #o: BookkeeperOptions

  constructor(options: BookkeeperOptions) {
    this.#o = options
  }

  async explain(workload: string, minuteMs: number): Promise<Explanation | undefined> {
    const { store, pricing, devices } = this.#o
    const toMs = minuteMs + MINUTE_MS
    const [settlement] = await store.settlements(minuteMs, toMs)
    const intervals: AgentInterval[] = await store.intervals(minuteMs, toMs)
    const buckets = await store.ledger({ fromMs: minuteMs, toMs, stepMs: MINUTE_MS, groupBy: 'workload' })
    return explainMinute({
      workload,
      minuteMs,
      intervals,
      settlement,
      terms: pricing.of(minuteMs, settlement),
      ledger: buckets.find((bucket) => bucket.group === workload),
      devices,
    })
  }

  async reprice(request: RepricingRequest): Promise<RepricingView> {
    return repricingView(await this.#o.repricer.ask(request))
  }

  async audit({ limit, id, stepMs }: { limit: number; id?: string; stepMs?: number }): Promise<AuditView[]> {
    const { store } = this.#o
    const known = await store.repricings(id === undefined ? limit : LOOKED_BACK)
    const asked = known.filter((r) => id === undefined || r.id === id).slice(0, limit)
    return Promise.all(
      asked.map(async (repricing) => {
        const buckets = await store.changes(repricing, stepMs ?? DAY_MS)
        const changes = stepMs === undefined ? together(buckets, repricing) : buckets
        return {
          ...repricingView(repricing),
          changes: changes.map(({ group, startMs, before, after }) => {
            const endMs = stepMs === undefined ? repricing.toMs : startMs + stepMs
            return {
              before: ledgerFigure(group, startMs, endMs, before),
              after: ledgerFigure(group, startMs, endMs, after),
            }
          }),
        }
      }),
    )
  }

  losses(): LossView[] {
    return this.#o.ledger.losses.map(({ agentId, records, atMs, fromMs, toMs }) => ({
      agentId,
      records,
      at: iso(atMs),
      ...(fromMs === undefined ? {} : { from: iso(fromMs) }),
      ...(toMs === undefined ? {} : { to: iso(toMs) }),
    }))
  }

  async quarantined(limit: number): Promise<QuarantineView> {
    const { quarantine, store } = this.#o
    await quarantine.flush()
    const newest = await store.quarantined(limit)
    return {
      count: quarantine.count,
      agents: [...quarantine.byAgent].map(([agentId, count]) => ({ agentId, count })),
      newest: newest.map(({ atMs, ...entry }) => ({ at: iso(atMs), ...entry })),
    }
  }
}

const repricingView = (r: Repricing): RepricingView => ({
  id: r.id,
  at: iso(r.atMs),
  by: r.by,
  reason: r.reason,
  from: iso(r.fromMs),
  to: iso(r.toMs),
  quotes: [...r.quotes],
  ...(r.terms ? { rules: r.terms } : {}),
  doneTo: iso(r.doneMs),
  done: r.doneMs >= r.toMs,
})

/** The changes of a whole repricing, by group. */
function together(buckets: readonly ChangeBucket[], { fromMs }: Repricing): ChangeBucket[] {
  const groups = new Map<string, ChangeBucket>()
  for (const bucket of buckets) {
    const { repricing, group } = bucket
    const sum = groups.get(group) ?? {
      repricing,
      group,
      startMs: fromMs,
      before: zeroSums(),
      after: zeroSums(),
    }
    groups.set(group, sum)
    addSums(sum.before, bucket.before)
    addSums(sum.after, bucket.after)
  }
  return [...groups.values()]
}
