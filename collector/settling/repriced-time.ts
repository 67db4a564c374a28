import { type Prices, type Quote, sourceName } from '../../protocol/quote.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { Repricing } from '../plugin/audit-store.ts'
import { QuoteBook } from '../prices/quote-book.ts'
import { isCorrection } from './correction.ts'
import type { MinutePricing, Pricing } from './pricing.ts'

/** Begin, in Unix ms, given to a minute's settled prices: before any correction. */
const SETTLED_BEFORE = -1

/**
 * Which times were repriced. A minute in them that was not settled then, because it had no record, is priced by the corrections once a
 * record of it comes.
 */
export class RepricedTime {
  readonly #pricing: Pick<Pricing, 'versionAt'>
  /** by id, in the order of their requests */
  #repricings = new Map<string, Repricing>()

  constructor(pricing: Pick<Pricing, 'versionAt'>) {
    this.#pricing = pricing
  }

  /** A repricing as it is now. Decisions about held records correct no price. */
  set(repricing: Repricing): void {
    if (!repricing.decision) this.#repricings.set(repricing.id, repricing)
  }

  /** A minute's pricing as this repricing corrects it. */
  by({ rulesVersion, quotes }: Repricing, minuteMs: number, { rules, prices }: MinutePricing): MinutePricing {
    return {
      rules: rulesVersion ? this.#pricing.versionAt(minuteMs, rulesVersion) : rules,
      prices: correctedPrices(prices, quotes, minuteMs),
    }
  }

  /** The pricing of a minute that was never settled, with the corrections of every repricing that has passed it. */
  of(minuteMs: number, pricing: MinutePricing): MinutePricing {
    let corrected = pricing
    for (const repricing of this.#repricings.values())
      if (repricing.fromMs <= minuteMs && minuteMs < repricing.doneMs)
        corrected = this.by(repricing, minuteMs, corrected)
    return corrected
  }
}

/** A minute's prices with the corrections that hold in it; an energy price that changes within the minute is weighted by time. */
function correctedPrices(old: Prices, quotes: readonly Quote[], minuteMs: number): Prices {
  const toMs = minuteMs + MINUTE_MS
  const book = new QuoteBook()
  // a settled price holds until a correction begins
  for (const quote of Object.values(old)) book.add({ ...quote, fromMs: SETTLED_BEFORE })
  for (const quote of quotes) if (quote.fromMs < toMs) book.add(quote)
  const kept = Object.entries(book.over(minuteMs, toMs)).map(([name, quote]) => {
    if (quote.fromMs !== SETTLED_BEFORE) return [name, quote]
    const fromMs = old[name as keyof Prices]?.fromMs ?? minuteMs
    const corrected = book
      .between('energyUsdPerKwh', minuteMs, toMs)
      .find(({ fromMs: ms, ...part }) => part.name === name && ms > minuteMs && isCorrection(part))
    return [name, { ...quote, fromMs, ...(corrected && { source: partlyBy(corrected, quote) }) }]
  })
  return Object.fromEntries(kept)
}

/** A price that a person corrected for a part of its minute is a correction as a whole: nothing that comes later takes its place. */
const partlyBy = (correction: Quote, { source }: Quote): string =>
  sourceName(correction.source) + source.slice(sourceName(source).length)
