export interface Ticker {
  exchange: string
  price: number
}

/**
 * The median of the prices, USD. Of three or more prices, outliers further than `maxOffRatio` from the median are dropped, and the
 * median of the rest is taken. Of two, either may be wrong, so none is dropped. `detail` tells what was used and dropped. Undefined
 * where there are no tickers.
 */
export function medianPrice(
  tickers: readonly Ticker[],
  maxOffRatio: number,
): { value: number; detail: string } | undefined {
  const [first] = tickers
  if (!first) return undefined
  const middle = median(tickers)
  const offRatio = ({ price }: Ticker) => Math.abs(price / middle - 1)
  const dropped = tickers.length < 3 ? [] : tickers.filter((t) => offRatio(t) > maxOffRatio)
  // where half of them or more would be dropped, they disagree altogether: keep all
  const kept = dropped.length * 2 < tickers.length ? tickers.filter((t) => !dropped.includes(t)) : tickers
  const names = kept.map((t) => t.exchange).join(', ')
  const droppedText =
    kept === tickers ? [] : dropped.map((t) => `${t.exchange} ${percent(offRatio(t))} off dropped`)
  return {
    value: median(kept),
    detail: [kept.length === 1 ? names : `median of ${names}`, ...droppedText].join('; '),
  }
}

function median(tickers: readonly Ticker[]): number {
  const prices = tickers.map((t) => t.price).sort((a, b) => a - b)
  const upper = prices[prices.length >> 1] ?? Number.NaN
  const lower = prices[(prices.length - 1) >> 1] ?? upper
  return (lower + upper) / 2
}

const percent = (ratio: number): string => `${(ratio * 100).toFixed(ratio < 0.1 ? 1 : 0)} %`
