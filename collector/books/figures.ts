import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import type { LedgerSums } from '../economics/ledger-row.ts'
import { addSums, zeroSums } from '../economics/ledger-row.ts'
import { type KnownDevices, priceMinute } from '../economics/settlement/settle.ts'
import type { LedgerQuery, Store } from '../plugin/store.ts'
import type { Pricing } from '../settling/pricing.ts'
import type { RecentMinutes } from '../settling/recent-minutes.ts'
import type { BalanceView, FigureGroup, FigureQuery, LedgerFigures, Periods } from '../views/figures.ts'
import type { LedgerFigure } from '../views/ledger-figure.ts'
import { groupName, storedGroup } from './grouping.ts'
import { ledgerFigure } from './ledger-figure.ts'
import { ledgerPieces } from './ledger-pieces.ts'

export interface FiguresOptions {
  store: Store
  pricing: Pricing
  devices: KnownDevices
  minutes: RecentMinutes
}

/** Figures that are asked for rather than watched: out of the store, when somebody wants them. */
export class Figures implements LedgerFigures {
  readonly #o: FiguresOptions

  constructor(options: FiguresOptions) {
    this.#o = options
  }

  /** Every group over the usual times, to the end of the newest settled minute. */
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
    return ledgerPieces(this.#o, query)
  }

  /** The ledger of a time by group: exact sums. */
  async sums(groupBy: FigureGroup, fromMs: number, toMs: number): Promise<Map<string, LedgerSums>> {
    const { store, pricing } = this.#o
    const query: LedgerQuery = { fromMs, toMs, stepMs: toMs - fromMs, groupBy: storedGroup(groupBy) }
    const sums = new Map<string, LedgerSums>()
    // buckets begin at multiples of their width: a time may lie in two
    for (const bucket of await store.ledger(query)) {
      const group = groupName(pricing, groupBy, bucket.group)
      sums.set(group, addSums(sums.get(group) ?? zeroSums(), bucket))
    }
    return sums
  }

  /** One minute's tree of meters, as it was settled. */
  async balance(minuteMs: number): Promise<BalanceView> {
    const { store, pricing, devices } = this.#o
    const toMs = minuteMs + MINUTE_MS
    const [settlement] = await store.settlements(minuteMs, toMs)
    const { rules, prices } = pricing.of(minuteMs, settlement)
    const { parts, deviceLoads, distribution } = priceMinute(
      minuteMs,
      await store.intervals(minuteMs, toMs),
      prices,
      { ...rules, ...devices },
    )
    const { balanced, parents, charges } = distribution
    const workloads: Record<string, number> = {}
    for (const { name, energyMilliJ } of parts) workloads[name] = (workloads[name] ?? 0) + energyMilliJ
    const totalMilliJ = balanced.reduce((sum, b, i) => (parents[i] === -1 ? sum + b.total : sum), 0)
    const meters = deviceLoads.flatMap(({ deviceId, agentId, device, own }, i) => {
      const found = balanced[i]
      if (!found || found.behind === 0) return []
      const rest: Record<string, number> = {}
      for (const { load, part, attribution, amount } of charges)
        if (load === i && !part) rest[attribution.name] = (rest[attribution.name] ?? 0) + amount
      const of = deviceLoads.flatMap((member, k) => {
        const part = balanced[k]
        return parents[k] === i && part
          ? [{ deviceId: member.deviceId, agentId: member.agentId, milliJ: part.total, by: part.basis }]
          : []
      })
      const above = deviceLoads[parents[i] ?? -1]
      return [
        {
          deviceId,
          agentId,
          kind: device?.kind ?? 'meter',
          ...(above ? { behind: above.deviceId } : {}),
          ...(own === undefined ? {} : { measuredMilliJ: own }),
          behindMilliJ: of.reduce((sum, member) => sum + member.milliJ, 0),
          totalMilliJ: found.total,
          restMilliJ: found.rest,
          rest,
          of,
        },
      ]
    })
    const charged = charges.reduce((sum, c) => sum + c.amount, 0)
    return {
      minute: new Date(minuteMs).toISOString(),
      balances: charged === totalMilliJ,
      totalMilliJ,
      workloads,
      meters,
    }
  }
}
