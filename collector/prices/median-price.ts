export interface Ticker {
  exchange: string
  price: number
}

/**
 * The median of the prices, USD. Of three or more, those further than `maxOffRatio` from the median are left out, and the
 * median is taken of the rest; of two nobody can say which is wrong. `detail` says what was done. Undefined of none.
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
  // where all are far from each other none is the outlier
  const kept = dropped.length * 2 < tickers.length ? tickers.filter((t) => !dropped.includes(t)) : tickers
  const names = kept.map((t) => t.exchange).join(', ')
  const said = kept === tickers ? [] : dropped.map((t) => `${t.exchange} ${percent(offRatio(t))} off dropped`)
  return {
    value: median(kept),
    detail: [kept.length === 1 ? names : `median of ${names}`, ...said].join('; '),
  }
}

function median(tickers: readonly Ticker[]): number {
  const prices = tickers.map((t) => t.price).sort((a, b) => a - b)
  const upper = prices[prices.length >> 1] ?? Number.NaN
  const lower = prices[(prices.length - 1) >> 1] ?? upper
  return (lower + upper) / 2
}

const percent = (ratio: number): string => `${(ratio * 100).toFixed(ratio < 0.1 ? 1 : 0)} %`
