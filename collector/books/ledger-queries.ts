import { defined } from '../../protocol/kit/defined.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { monthNamed } from '../economics/calendar.ts'
import { addSums, zeroSums } from '../economics/ledger-row.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import type { Quarantine } from '../intake/quarantine.ts'
import type { RecordWriter } from '../intake/record-writer.ts'
import type { ChangeBucket, Loss, Repricing } from '../plugin/audit-store.ts'
import type { Issue } from '../plugin/issue-store.ts'
import type { PoolSituation } from '../plugin/situation.ts'
import type { Store } from '../plugin/store.ts'
import type { LatePrices } from '../settling/late-prices.ts'
import { heldBackParts, paidRecords } from '../settling/paid-records.ts'
import type { Pricing } from '../settling/pricing.ts'
import type { Repricer } from '../settling/repricer.ts'
import type { RepricingRequest } from '../settling/repricing-request.ts'
import { trueUpsOf } from '../settling/true-ups.ts'
import type { Explanation } from '../views/explanation.ts'
import type { AuditView, LossView, QuarantineView, RepricingView, UnpricedView } from './audit-views.ts'
import { explainMinute } from './explain-minute.ts'
import { heldByAgent } from './held-queries.ts'
import { ledgerFigure } from './ledger-figure.ts'
import { repricingView } from './repricing-view.ts'
import { unpricedView } from './unpriced-view.ts'

const DAY_MS = 1440 * MINUTE_MS
/** How many repricings are searched for one id. */
const SEARCHED_REPRICINGS = 1_000
/** Held records of a minute that are explained. */
const MOST_HELD = 10_000
const iso = (ms: number): string => new Date(ms).toISOString()

export interface LedgerQueriesOptions {
  store: Store
  records: RecordWriter
  pricing: Pricing
  repricer: Repricer
  quarantine: Quarantine
  latePrices: Pick<LatePrices, 'times'>
  devices: KnownDevices
  /** the pools beside the ledger; absent: none is configured */
  pools?: () => readonly PoolSituation[]
}

/**
 * Answers questions about the ledger: the sum behind a figure, repricings and what they changed, losses, quarantine. Every method
 * that returns a promise rejects with a PerwattError where the store fails.
 */
export class LedgerQueries {
  readonly #o: LedgerQueriesOptions

  constructor(options: LedgerQueriesOptions) {
    this.#o = options
  }

  /** The sum behind one workload's figures of one minute; undefined where the minute has nothing of that workload. */
  async explain(workload: string, minuteMs: number): Promise<Explanation | undefined> {
    const { store, pricing, devices } = this.#o
    const toMs = minuteMs + MINUTE_MS
    const [settlement] = await store.settlements(minuteMs, toMs)
    const intervals = await paidRecords(store, minuteMs, toMs)
    const held = await store.held({ fromMs: minuteMs, toMs }, MOST_HELD)
    const buckets = await store.ledger({ fromMs: minuteMs, toMs, stepMs: MINUTE_MS, groupBy: 'workload' })
    return explainMinute({
      workload,
      minuteMs,
      intervals,
      settlement,
      pricing: pricing.of(minuteMs, settlement),
      ledger: buckets.find((bucket) => bucket.group === workload),
      devices,
      trueUps: await trueUpsOf(store, minuteMs),
      held: heldBackParts(held, intervals),
      pools: this.#o.pools?.() ?? [],
    })
  }

  /** Resolves when the request is stored; the repricing itself follows. */
  async reprice(request: RepricingRequest): Promise<RepricingView> {
    return repricingView(await this.#o.repricer.request(request))
  }

  /** Ends a repricing; undefined where there is none of this id. @throws PerwattError `not-cancelled` where it is done */
  async cancelRepricing(id: string, by: string): Promise<RepricingView | undefined> {
    const cancelled = await this.#o.repricer.cancel(id, by)
    return cancelled && repricingView(cancelled)
  }

  /**
   * The newest `limit` repricings and issued statements, or the one with this id, newest first. Their changes come in buckets of `stepMs`; without it, one
   * bucket spans the whole repricing.
   */
  async audit({ limit, id, stepMs }: { limit: number; id?: string; stepMs?: number }): Promise<AuditView[]> {
    const { store, pricing } = this.#o
    const known = await store.repricings(id === undefined ? limit : SEARCHED_REPRICINGS)
    const asked = known.filter((r) => id === undefined || r.id === id).slice(0, limit)
    const issues = (await store.issues()).filter((issue) => id === undefined || issue.number === id)
    const repricings = await Promise.all(
      asked.map(async (repricing) => {
        const buckets = await store.changes(repricing, stepMs ?? DAY_MS)
        const changes = stepMs === undefined ? sumByGroup(buckets, repricing) : buckets
        return {
          ...repricingView(repricing),
          kind: 'repricing' as const,
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
    const statements = issues.map((issue) => issueAudit(issue, pricing.present.timeZone))
    return [...repricings, ...statements].sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, limit)
  }

  /** The newest `limit` times that no price was known for, with what they leave unpriced, newest first. */
  async unpriced(limit: number): Promise<UnpricedView[]> {
    const { latePrices, store } = this.#o
    return Promise.all(latePrices.times.slice(0, limit).map((time) => unpricedView(store, time)))
  }

  /** Records that are in no sum: what agents lost before the collector could store it, newest first, then what is held. */
  async losses(): Promise<LossView[]> {
    const { records, store } = this.#o
    return [
      ...records.losses.map(lossView),
      ...heldByAgent(await store.heldGroups({ state: 'open' }, MOST_HELD)),
    ]
  }

  /**
   * Forgets under which numbers an agent's records are stored, so that its next batch is taken whatever its numbers. Nothing is lost or
   * doubled by it: records that are stored are known by their device and minute. Undefined where the agent never sent any.
   */
  async resetNumbers(agentId: string, who: { by: string; reason: string }): Promise<LossView | undefined> {
    const { records } = this.#o
    return records.knows(agentId) ? lossView(await records.reset(agentId, who)) : undefined
  }

  /** The newest `limit` quarantined messages, and how many there were since the start. */
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

const lossView = ({ agentId, records, atMs, fromMs, toMs, cause, kind }: Loss): LossView => ({
  agentId,
  records,
  at: iso(atMs),
  ...defined({
    cause,
    kind,
    from: fromMs === undefined ? undefined : iso(fromMs),
    to: toMs === undefined ? undefined : iso(toMs),
  }),
})

/** Who issued a statement, and when. */
function issueAudit({ number, month, customer, atMs, by }: Issue, timeZone: string): AuditView {
  const { startMs, endMs } = monthNamed(month, timeZone)
  return {
    kind: 'statement',
    id: number,
    at: iso(atMs),
    by,
    reason: `issued the statement of ${month} for ${customer ?? 'the site itself'}`,
    from: iso(startMs),
    to: iso(endMs),
    quotes: [],
    doneTo: iso(endMs),
    done: true,
    changes: [],
  }
}

/** Adds up the changes of a whole repricing by group. */
function sumByGroup(buckets: readonly ChangeBucket[], { fromMs }: Repricing): ChangeBucket[] {
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
