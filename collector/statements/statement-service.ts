import { withDeadline } from '../../protocol/kit/retry.ts'
import { MILLIJOULES_PER_KWH, NANO_USD_PER_USD } from '../../protocol/units.ts'
import { monthNamed, type Period } from '../economics/calendar.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import { inCents } from '../economics/statement/cents.ts'
import type { Store } from '../plugin/store.ts'
import type { Pricing } from '../settling/pricing.ts'
import type { Statement, StatementList } from '../views/statement.ts'
import { buildStatement, numberOf } from './build-statement.ts'
import { type LedgerMonth, readLedgerMonth } from './ledger-month.ts'

/** A month of a large site. */
const READ_MS = 120_000
/** Enough to find those of the last months. */
const LOOKED_BACK = 200
const LOSSES_LOOKED_BACK = 1000

export interface StatementsOptions {
  store: Store
  pricing: Pricing
  devices: KnownDevices
  site: { id: string; name?: string | undefined }
  nowMs: () => number
}

/** Whose statement of which month; no customer: the site’s own. */
export interface StatementRequest {
  month: string
  customer?: string | undefined
  copy: Statement['copy']
}

/** What the API may ask of statements. Both reject with a PerwattError where the store fails or takes too long. */
export interface StatementSource {
  /** undefined where nobody of that name has a workload, now or in that month */
  statement(request: StatementRequest): Promise<Statement | undefined>
  list(month: string): Promise<StatementList>
  /** begin and end of a month of the site’s time zone */
  period(month: string): Period
}

/** Monthly statements by customer, out of the ledger. */
export class StatementService implements StatementSource {
  readonly #o: StatementsOptions
  /** two who ask for one month read it once */
  readonly #reading = new Map<string, Promise<LedgerMonth>>()

  constructor(options: StatementsOptions) {
    this.#o = options
  }

  period(month: string): Period {
    return monthNamed(month, this.#o.pricing.present.timeZone)
  }

  async statement({ month, customer, copy }: StatementRequest): Promise<Statement | undefined> {
    const { store, pricing, site, nowMs } = this.#o
    const book = await this.#read(month)
    if (!this.#customers(book).includes(customer)) return undefined
    const { period } = book
    const accounts = book.accounts.filter((a) => this.#customerOf(a.workload) === customer)
    const overlapping = (r: { fromMs: number; toMs: number }) =>
      r.fromMs < period.endMs && r.toMs > period.startMs
    const repricings = (await store.repricings(LOOKED_BACK)).filter(overlapping)
    const losses = (await store.losses(LOSSES_LOOKED_BACK)).filter((l) =>
      overlapping({ fromMs: l.fromMs ?? l.atMs, toMs: (l.toMs ?? l.atMs) + 1 }),
    )
    return buildStatement({
      site,
      timeZone: pricing.present.timeZone,
      month,
      customer,
      copy,
      book,
      accounts,
      repricings: await Promise.all(
        repricings.map(async (repricing) => {
          const fromMs = Math.max(repricing.fromMs, period.startMs)
          const toMs = Math.min(repricing.toMs, period.endMs)
          const changes = await store.changes({ id: repricing.id, fromMs, toMs }, toMs - fromMs)
          return { repricing, changes }
        }),
      ),
      lostRecords: losses.reduce((sum, { records }) => sum + records, 0),
      nowMs: nowMs(),
    })
  }

  async list(month: string): Promise<StatementList> {
    const book = await this.#read(month)
    const { period } = book
    const statements = this.#customers(book).map((customer) => {
      const accounts = book.accounts.filter((a) => this.#customerOf(a.workload) === customer)
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
      through: new Date(book.throughMs).toISOString(),
      statements,
      totalUsd: statements.reduce((sum, s) => sum + Math.round(s.totalUsd * 100), 0) / 100,
      ledgerUsd: book.accounts.reduce((sum, a) => sum + a.sums.revenueNanoUsd, 0) / NANO_USD_PER_USD,
    }
  }

  /** As the ledger groups it: a workload that was given its customer late has him for all of its past. */
  #customerOf(workload: string): string | undefined {
    return this.#o.pricing.workload(workload)?.customer
  }

  /** The site’s own first, then by name. */
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
    const book = withDeadline(
      (signal) => readLedgerMonth(this.#o, this.period(month), this.#o.nowMs(), signal),
      READ_MS,
    ).finally(() => this.#reading.delete(month))
    this.#reading.set(month, book)
    return book
  }
}
