import { withDeadline } from '../../protocol/kit/retry.ts'
import { HOUR_MS, MILLIJOULES_PER_KWH, NANO_USD_PER_USD } from '../../protocol/units.ts'
import { monthNamed, type Period } from '../economics/calendar.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import { inCents } from '../economics/statement/cents.ts'
import type { Store } from '../plugin/store.ts'
import type { Pricing } from '../settling/pricing.ts'
import type { Statement, StatementList } from '../views/statement.ts'
import { buildStatement, numberOf } from './build-statement.ts'
import { type LedgerMonth, readLedgerMonth } from './ledger-month.ts'

const DAY_MS = 24 * HOUR_MS
/** Deadline for reading a month of a large site. */
const READ_MS = 120_000
/** The newest repricings and losses that are searched for those of a month. */
const MAX_REPRICINGS = 200
const MAX_LOSSES = 1000

/** The parts that statements are built from. */
export interface StatementServiceOptions {
  store: Store
  pricing: Pricing
  devices: KnownDevices
  site: { id: string; name?: string | undefined }
  nowMs: () => number
}

/** A request for one statement; without a customer, for the site’s own. */
export interface StatementRequest {
  month: string
  customer?: string | undefined
  copy: Statement['copy']
}

/** The statements for the API. Promises reject with a PerwattError if the store fails or takes too long. */
export interface StatementSource {
  /** undefined if the customer has no workload, now or in that month */
  statement(request: StatementRequest): Promise<Statement | undefined>
  /** all statements of a month. @param month `2026-11` */
  list(month: string): Promise<StatementList>
  /** start and end of a month in the site’s time zone, Unix ms. @throws RangeError if the name is not a month */
  period(month: string): Period
}

/** Builds monthly statements by customer from the ledger. */
export class StatementService implements StatementSource {
  readonly #o: StatementServiceOptions
  /** months that are being read: concurrent requests for a month share one read */
  readonly #reading = new Map<string, Promise<LedgerMonth>>()

  constructor(options: StatementServiceOptions) {
    this.#o = options
  }

  period(month: string): Period {
    return monthNamed(month, this.#o.pricing.present.timeZone)
  }

  async statement({ month, customer, copy }: StatementRequest): Promise<Statement | undefined> {
    const { store, pricing, site, nowMs } = this.#o
    const ledgerMonth = await this.#read(month)
    if (!this.#customers(ledgerMonth).includes(customer)) return undefined
    const { period } = ledgerMonth
    const accounts = ledgerMonth.accounts.filter((a) => this.#customerOf(a.workload) === customer)
    const overlapping = (r: { fromMs: number; toMs: number }) =>
      r.fromMs < period.endMs && r.toMs > period.startMs
    const repricings = (await store.repricings(MAX_REPRICINGS)).filter(overlapping)
    const losses = (await store.losses(MAX_LOSSES)).filter((l) =>
      overlapping({ fromMs: l.fromMs ?? l.atMs, toMs: (l.toMs ?? l.atMs) + 1 }),
    )
    const heldBack = (await store.heldBack(period.startMs, period.endMs, DAY_MS)).filter(
      (held) => this.#customerOf(held.workload) === customer,
    )
    return buildStatement({
      site,
      timeZone: pricing.present.timeZone,
      month,
      customer,
      copy,
      ledgerMonth,
      accounts,
      repricings: await Promise.all(
        repricings.map(async (repricing) => {
          const fromMs = Math.max(repricing.fromMs, period.startMs)
          const toMs = Math.min(repricing.toMs, period.endMs)
          const changes = await store.changes({ id: repricing.id, fromMs, toMs }, toMs - fromMs)
          return { repricing, changes }
        }),
      ),
      heldBack,
      lostRecords: losses.reduce((sum, { records }) => sum + records, 0),
      nowMs: nowMs(),
    })
  }

  async list(month: string): Promise<StatementList> {
    const ledgerMonth = await this.#read(month)
    const { period } = ledgerMonth
    const statements = this.#customers(ledgerMonth).map((customer) => {
      const accounts = ledgerMonth.accounts.filter((a) => this.#customerOf(a.workload) === customer)
      const revenueNanoUsd = accounts.reduce((sum, a) => sum + a.sums.revenueNanoUsd, 0)
      return {
        ...(customer === undefined ? {} : { customer }),
        number: numberOf(this.#o.site.id, month, customer),
        workloads: [...new Set(accounts.map((a) => a.workload))],
        totalUsd: inCents([revenueNanoUsd]).totalCents / 100,
        energyKwh: accounts.reduce((sum, a) => sum + a.sums.energyMilliJ, 0) / MILLIJOULES_PER_KWH,
      }
    })
    return {
      month,
      from: new Date(period.startMs).toISOString(),
      to: new Date(period.endMs).toISOString(),
      toDate: this.#o.nowMs() < period.endMs,
      through: new Date(ledgerMonth.throughMs).toISOString(),
      statements,
      totalUsd: statements.reduce((sum, s) => sum + Math.round(s.totalUsd * 100), 0) / 100,
      ledgerUsd: ledgerMonth.accounts.reduce((sum, a) => sum + a.sums.revenueNanoUsd, 0) / NANO_USD_PER_USD,
    }
  }

  /** The customer of a workload now, also for its past, as in the ledger's groups by customer. */
  #customerOf(workload: string): string | undefined {
    return this.#o.pricing.workload(workload)?.customer
  }

  /** All customers; undefined, the site itself, comes first, then the names in order. */
  #customers({ accounts }: LedgerMonth): (string | undefined)[] {
    const names = new Set([
      ...accounts.map((a) => this.#customerOf(a.workload)),
      ...this.#o.pricing.present.workloads.map((w) => w.customer),
    ])
    names.delete(undefined)
    return [undefined, ...[...names].sort()]
  }

  #read(month: string): Promise<LedgerMonth> {
    const reading = this.#reading.get(month)
    if (reading) return reading
    const ledgerMonth = withDeadline(
      (signal) => readLedgerMonth(this.#o, this.period(month), this.#o.nowMs(), signal),
      READ_MS,
    ).finally(() => this.#reading.delete(month))
    this.#reading.set(month, ledgerMonth)
    return ledgerMonth
  }
}
