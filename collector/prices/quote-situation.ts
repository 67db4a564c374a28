import { isStale, type Prices, QUOTE_NAMES, type Quote, type QuoteName } from '../../protocol/quote.ts'
import type { PriceSituation } from '../plugin/situation.ts'
import type { WorkloadView } from '../views/workload.ts'
import type { HeldBack } from './held-back.ts'
import type { QuoteSelector } from './quote-selector.ts'

/** The prices as alert rules judge them: how stale each is, which of its feeds fail, and which workloads it prices. */
export function priceSituations(
  selector: Pick<QuoteSelector, 'heldBack' | 'reports'>,
  prices: Prices,
  workloads: readonly WorkloadView[],
  nowMs: number,
): PriceSituation[] {
  const reports = selector.reports()
  const held = selector.heldBack()
  const known = prices as Readonly<Record<QuoteName, Quote | undefined>>
  // without fees revenue can still be priced, without any of the others it can't
  const needed = QUOTE_NAMES.filter(
    (name) => name !== 'feesBtcPerBlock' && pricedBy(name, workloads).length > 0,
  )
  const present = Object.keys(prices) as QuoteName[]
  const names = new Set([...present, ...reports.flatMap((r) => r.quotes), ...needed])
  return [...names].map((name) => {
    const quote = known[name]
    const feeds = reports.filter((r) => r.quotes.includes(name))
    const failing = feeds.filter((r) => r.failing)
    const ofName = held.filter((h) => h.name === name)
    const back = ofName.find((h) => h.usedFromMs === undefined) ?? ofName[0]
    return {
      name,
      prices: pricedBy(name, workloads),
      ...(quote ? { value: quote.value, unit: quote.unit, source: quote.source } : {}),
      ...(quote?.staleAfterMs !== undefined && isStale(quote, nowMs)
        ? { staleS: (nowMs - quote.staleAfterMs) / 1000 }
        : {}),
      ...(feeds.length > 0 && feeds.every((r) => r.silent) ? { noFeed: true as const } : {}),
      ...(failing.length > 0 ? { failing: failing.map((r) => `${r.name}: ${r.failing}`).join('; ') } : {}),
      ...(back ? heldText(back) : {}),
    }
  })
}

const iso = (ms: number): string => new Date(ms).toISOString()

function heldText(back: HeldBack): Pick<PriceSituation, 'heldBack' | 'mayBeAccepted' | 'reprice'> {
  const { value, unit, source, reason, waitsFor, fromMs, usedFromMs, sinceMs } = back
  if (usedFromMs !== undefined) {
    const [from, to] = [iso(usedFromMs), iso(sinceMs)]
    return {
      heldBack: `${source} said ${value} ${unit} from ${from} to ${to}, ${reason}`,
      reprice: `--from ${from} --to ${to}`,
    }
  }
  const from = fromMs === undefined ? '' : ` from ${iso(fromMs)} on`
  return {
    heldBack: `${source} says ${value} ${unit}${from}, ${reason}; held back${waitsFor ? `, waits for ${waitsFor}` : ''}`,
    ...(waitsFor ? { mayBeAccepted: true as const } : {}),
  }
}

/** The workloads that a quote prices: Bitcoin's figures price mining, the energy price every workload, a currency none. */
function pricedBy(name: QuoteName, workloads: readonly WorkloadView[]): string[] {
  if (name.startsWith('fx.')) return []
  return workloads
    .filter((w) => w.powerW !== 0 && (name === 'energyUsdPerKwh' || w.kind === 'mining'))
    .map((w) => w.workload)
}
