import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import type { LedgerSums } from '../economics/ledger-row.ts'
import { addSums, zeroSums } from '../economics/ledger-row.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import type { LedgerQuery, Store } from '../plugin/store.ts'
import type { Pricing } from '../settling/pricing.ts'
import type { RecentLedger } from '../settling/recent-ledger.ts'
import type { BalanceView, FigureGroup, FigureQuery, LedgerFigures, Periods } from '../views/figures.ts'
import type { LedgerFigure } from '../views/ledger-figure.ts'
import { groupName, storedGroup } from './grouping.ts'
import { ledgerChunks } from './ledger-chunks.ts'
import { ledgerFigure } from './ledger-figure.ts'
import { meterBalance } from './meter-balance.ts'

export interface FiguresOptions {
  store: Store
  pricing: Pricing
  devices: KnownDevices
  minutes: RecentLedger
}

/** Figures on request, read from the store; the live screens don't need them. */
export class Figures implements LedgerFigures {
  readonly #o: FiguresOptions

  constructor(options: FiguresOptions) {
    this.#o = options
  }

  /** Each group over the last minute, hour, day and month to date, to the end of the newest settled minute. */
  async periods(groupBy: FigureGroup): Promise<Periods[]> {
    const { minutes, pricing } = this.#o
    const newest = minutes.newestMs
    if (newest === undefined) return []
    const toMs = newest + MINUTE_MS
    const spans = {
      minute: newest,
      hour: toMs - HOUR_MS,
      day: toMs - 24 * HOUR_MS,
      monthToDate: pricing.present.monthOf(newest).startMs,
    }
    const found = new Map<string, Periods>()
    for (const [name, fromMs] of Object.entries(spans) as [keyof typeof spans, number][])
      for (const [group, sums] of await this.sums(groupBy, fromMs, toMs)) {
        const periods = found.get(group) ?? { group }
        periods[name] = ledgerFigure(group, fromMs, toMs, sums)
        found.set(group, periods)
      }
    return [...found.values()]
  }

  ledger(query: FigureQuery): AsyncGenerator<LedgerFigure[]> {
    return ledgerChunks(this.#o, query)
  }

  /** Exact sums over [fromMs, toMs) by group. */
  async sums(groupBy: FigureGroup, fromMs: number, toMs: number): Promise<Map<string, LedgerSums>> {
    const { store, pricing } = this.#o
    const query: LedgerQuery = { fromMs, toMs, stepMs: toMs - fromMs, groupBy: storedGroup(groupBy) }
    const sums = new Map<string, LedgerSums>()
    // the store's buckets begin at multiples of their width, so the time may lie in two of them
    for (const bucket of await store.ledger(query)) {
      const group = groupName(pricing, groupBy, bucket.group)
      sums.set(group, addSums(sums.get(group) ?? zeroSums(), bucket))
    }
    return sums
  }

  /** One minute's tree of meters, as it was settled. */
  balance(minuteMs: number): Promise<BalanceView> {
    return meterBalance(this.#o, minuteMs)
  }
}
