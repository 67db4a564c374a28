import { type Quote, type QuoteName, sourceName } from '../../protocol/quote.ts'
import { HOUR_MS, MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { Period } from '../economics/calendar.ts'
import { PeakPower } from '../economics/energy/peak-power.ts'
import type { LedgerSums } from '../economics/ledger-row.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import { type MonthAccount, MonthAccounts } from '../economics/statement/month-account.ts'
import type { Settlement } from '../plugin/audit-store.ts'
import type { Store } from '../plugin/store.ts'
import type { Pricing, Rules } from '../settling/pricing.ts'
import { type BasisSums, sampleBasis } from './power-basis.ts'

/** The ledger is read in pieces of this length, to bound memory. */
const PIECE_MS = 12 * HOUR_MS
/** With the settle delay: so long after its end a minute may still wait for its records without being late. */
const NOT_DUE_MS = 3 * MINUTE_MS

/** The lowest and highest value of a price in the minutes of a month. */
export interface PriceRange {
  name: Quote['name']
  unit: string
  min: number
  max: number
  sources: Set<string>
}

/** A month of the ledger, with everything that any statement of the month needs. */
export interface LedgerMonth {
  period: Period
  /** end of the newest settled minute, Unix ms; start of the month if none is settled */
  throughMs: number
  /** length of the month, or up to `throughMs` while it is not over, ms */
  elapsedMs: number
  accounts: MonthAccount[]
  /** peak demand of the whole site */
  peak: PeakPower
  /** demand charge booked for the whole site, nano-USD */
  demandNanoUsd: number
  settledMinutes: number
  /** minutes that are due and not settled, or whose records changed since: with records, or with contracts that pay or cost without */
  waitingMinutes: number
  restatedMinutes: number
  /** how many settled minutes lack each price, by its name */
  unpriced: ReadonlyMap<QuoteName, number>
  /** time of the newest restatement, Unix ms; absent without one */
  restatedMs?: number
  prices: PriceRange[]
  /** power bases of the energy, sampled in one minute of each piece */
  basis: BasisSums
  /** the rules of the last settled minute */
  rules: Rules
}

/**
 * Reads a month of the ledger minute by minute, in pieces.
 * @param onMinute called with every minute of every workload that was read
 * @throws PerwattError if the store fails; the signal’s reason if it is aborted
 */
export async function readLedgerMonth(
  {
    store,
    pricing,
    devices,
    settleDelayMs = 0,
  }: { store: Store; pricing: Pricing; devices: KnownDevices; settleDelayMs?: number },
  period: Period,
  nowMs: number,
  signal: AbortSignal,
  onMinute?: (startMs: number, workload: string, sums: LedgerSums) => void,
): Promise<LedgerMonth> {
  const accounts = new MonthAccounts()
  const peak = new PeakPower()
  const prices = new Map<string, PriceRange>()
  const basis: BasisSums = new Map()
  const unpriced = new Map<QuoteName, number>()
  let [throughMs, settledMinutes, restatedMinutes, restatedMs, demandNanoUsd] = [period.startMs, 0, 0, 0, 0]
  const rulesAt = (ms: number, settled: ReadonlyMap<number, Settlement>): Rules => {
    const settlement = settled.get(ms)
    return settlement ? pricing.version(settlement.rulesVersion) : pricing.of(ms, undefined).rules
  }
  let rules = pricing.present
  let waitingMinutes = 0
  // while the month goes on, its newest minutes are not due yet
  const dueMs = nowMs < period.endMs ? nowMs - NOT_DUE_MS - settleDelayMs : period.endMs
  const endMs = Math.min(period.endMs, nowMs)
  for (let fromMs = period.startMs; fromMs < endMs; fromMs += PIECE_MS) {
    signal.throwIfAborted()
    const toMs = Math.min(period.endMs, fromMs + PIECE_MS)
    const [settlements, buckets, unsettled] = await Promise.all([
      store.settlements(fromMs, toMs),
      store.ledger({ fromMs, toMs, stepMs: MINUTE_MS, groupBy: 'workload' }),
      store.unsettledMinutes(fromMs, toMs),
    ])
    const open = new Set(unsettled)
    const settled = new Map<number, Settlement>()
    for (const settlement of settlements) {
      const { minuteMs, revision, settledMs, quotes, missing = [] } = settlement
      settled.set(minuteMs, settlement)
      settledMinutes++
      rules = pricing.version(settlement.rulesVersion)
      throughMs = minuteMs + MINUTE_MS
      if (revision > 1) {
        restatedMinutes++
        restatedMs = Math.max(restatedMs, settledMs)
      }
      for (const quote of quotes) note(prices, quote)
      for (const name of missing) unpriced.set(name, (unpriced.get(name) ?? 0) + 1)
    }
    for (let minute = fromMs; minute < toMs; minute += MINUTE_MS)
      if (!settled.has(minute) && pricing.standingAt(minute)) open.add(minute)
    for (const minute of open) if (minute + MINUTE_MS <= dueMs) waitingMinutes++
    for (const { startMs, group, ...sums } of buckets) {
      throughMs = Math.max(throughMs, startMs + MINUTE_MS)
      accounts.add(startMs, group, sums, rulesAt(startMs, settled))
      onMinute?.(startMs, group, sums)
      peak.add(startMs, sums.energyMilliJ)
      demandNanoUsd += sums.demandNanoUsd
    }
    const sampleMs = minuteOf((fromMs + toMs) / 2)
    await sampleBasis(basis, { store, devices }, sampleMs, rulesAt(sampleMs, settled))
  }
  return {
    period,
    throughMs,
    elapsedMs: (nowMs < period.endMs ? throughMs : period.endMs) - period.startMs,
    accounts: accounts.all(),
    peak,
    demandNanoUsd,
    settledMinutes,
    waitingMinutes,
    restatedMinutes,
    unpriced,
    ...(restatedMs > 0 ? { restatedMs } : {}),
    prices: [...prices.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    basis,
    rules,
  }
}

function note(prices: Map<string, PriceRange>, { name, unit, value, source }: Quote): void {
  const range = prices.get(name) ?? { name, unit, min: value, max: value, sources: new Set() }
  prices.set(name, range)
  range.min = Math.min(range.min, value)
  range.max = Math.max(range.max, value)
  range.sources.add(sourceName(source))
}
