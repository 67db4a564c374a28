import { type Quote, sourceName } from '../../protocol/quote.ts'
import { assumedSource, isAssumed } from './assumed.ts'

/**
 * The price of [fromMs, toMs), weighted by time where it changes within; its source then says the parts.
 * @param quotes those that hold in it, oldest first; the first counts from `fromMs`, also where it begins later
 */
export function weightedPrice(quotes: readonly Quote[], fromMs: number, toMs: number): Quote | undefined {
  const [first] = quotes
  if (!first || quotes.every(({ value }) => value === first.value)) return first
  const parts = quotes.map((quote, i) => ({
    value: quote.value,
    ms: (quotes[i + 1]?.fromMs ?? toMs) - (i === 0 ? fromMs : quote.fromMs),
  }))
  const value = parts.reduce((sum, part) => sum + part.value * part.ms, 0) / (toMs - fromMs)
  const detail = parts.map((part) => `${part.ms / 1000} s at ${part.value}`).join(', ')
  const source = `${sourceName(first.source)} (${detail})`
  return { ...first, value, source: isAssumed(first) ? assumedSource(source) : source }
}

/**
 * Whether a price is what these quotes gave of [fromMs, toMs) before the last of them were known, and they give another one now.
 * @param quotes those that hold in it, oldest first
 */
export function isOfEarlierKnowledge(
  price: Pick<Quote, 'value' | 'fromMs'>,
  quotes: readonly Quote[],
  fromMs: number,
  toMs: number,
): boolean {
  if (weightedPrice(quotes, fromMs, toMs)?.value === price.value) return false
  return quotes.some((last) => {
    const known = quotes.filter((quote) => knownMsOf(quote) <= knownMsOf(last))
    const before = weightedPrice(known, fromMs, toMs)
    return before?.value === price.value && before.fromMs === price.fromMs
  })
}

const knownMsOf = ({ fromMs, knownMs = fromMs }: Quote): number => knownMs
