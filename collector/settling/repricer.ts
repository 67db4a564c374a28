import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pause } from '../../protocol/kit/retry.ts'
import type { Prices, Quote } from '../../protocol/quote.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { Repricing, Settlement } from '../plugin/audit-store.ts'
import { isRefused, type Store } from '../plugin/store.ts'
import { QuoteBook } from '../prices/quote-book.ts'
import type { MinutePricing, Pricing } from './pricing.ts'
import type { Settler } from './settler.ts'

const RETRY_MS = 10_000
/** Begin, in Unix ms, given to a minute's settled prices: before any correction. */
const SETTLED_BEFORE = -1
/** How many repricings a start searches for interrupted ones. */
const SEARCHED_REPRICINGS = 100

export interface RepricingRequest {
  /** whole minutes; the end is exclusive, and not in the future */
  fromMs: number
  toMs: number
  by: string
  reason: string
  /** corrected prices; each holds from its own time to the next of the same name */
  quotes: readonly Quote[]
  /** use the present configuration's rules instead of those in force at the time */
  presentRules: boolean
}

/**
 * Prices past minutes again because a tariff or a contract was wrong. Each request names a person and a reason, and runs a few
 * minutes at a time between the ordinary settling, over any restart. The old figures stay in the audit trail; a record that comes
 * later is priced by the corrected prices.
 */
export class Repricer {
  readonly #store: Store
  readonly #settler: Settler
  readonly #pricing: Pricing
  readonly #nowMs: () => number
  readonly #log: Log
  readonly #stop = new AbortController()
  #work: Promise<void> = Promise.resolve()
  #requests = 0

  constructor(options: { store: Store; settler: Settler; pricing: Pricing; nowMs: () => number; log: Log }) {
    this.#store = options.store
    this.#settler = options.settler
    this.#pricing = options.pricing
    this.#nowMs = options.nowMs
    this.#log = options.log
  }

  /** Continues repricings that a stop interrupted, oldest first. */
  async start(): Promise<void> {
    const open = (await this.#store.repricings(SEARCHED_REPRICINGS)).filter((r) => r.doneMs < r.toMs)
    for (const repricing of open.toReversed()) this.#begin(repricing)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#work
  }

  /** Resolves when the request is stored; the work follows. @throws PerwattError where the store can't keep it */
  async request({ presentRules, ...request }: RepricingRequest): Promise<Repricing> {
    const atMs = this.#nowMs()
    const repricing: Repricing = {
      ...request,
      id: `${new Date(atMs).toISOString()}-${++this.#requests}`,
      atMs,
      rulesVersion: presentRules ? this.#pricing.present.version : '',
      doneMs: request.fromMs,
    }
    await this.#store.writeRepricing(repricing)
    const { id, by, reason } = repricing
    this.#log.info('repricing requested', { id, by, why: reason, minutes: minutesOf(repricing) })
    this.#begin(repricing)
    return repricing
  }

  #begin(repricing: Repricing): void {
    this.#work = this.#work.then(() => this.#run(repricing))
  }

  async #run(repricing: Repricing): Promise<void> {
    let next = repricing
    while (next.doneMs < next.toMs && !this.#stop.signal.aborted) {
      try {
        next = await this.#piece(next)
      } catch (error) {
        const why = { id: next.id, reason: reasonOf(error) }
        if (isRefused(error)) {
          // stop here: the next request may correct it, and must not wait for ever
          this.#log.error(
            'repricing abandoned: the store can’t hold its figures; reprice with other prices',
            why,
          )
          return
        }
        this.#log.error('repricing interrupted; will try again', why)
        await pause(RETRY_MS, this.#stop.signal)
      }
    }
    if (next.doneMs >= next.toMs)
      this.#log.info('repricing done', { id: next.id, minutes: minutesOf(repricing) })
  }

  /** Prices the next few minutes. @returns the repricing with its progress */
  #piece(repricing: Repricing): Promise<Repricing> {
    return this.#settler.alone(async () => {
      const { doneMs, toMs } = repricing
      const next = { ...repricing, doneMs: Math.min(toMs, doneMs + this.#settler.minutesAtOnce * MINUTE_MS) }
      const minutes: number[] = []
      for (let minute = doneMs; minute < next.doneMs; minute += MINUTE_MS) minutes.push(minute)
      await this.#settler.settle(
        minutes,
        (minute, before) => this.#pricingOf(repricing, minute, before),
        next,
      )
      return next
    })
  }

  #pricingOf(repricing: Repricing, minuteMs: number, before: Settlement | undefined): MinutePricing {
    const old = this.#pricing.of(minuteMs, before)
    return {
      rules: repricing.rulesVersion ? this.#pricing.version(repricing.rulesVersion) : old.rules,
      prices: correctedPrices(old.prices, repricing.quotes, minuteMs),
    }
  }
}

const minutesOf = ({ fromMs, toMs }: Repricing): number => (toMs - fromMs) / MINUTE_MS

/** A minute's prices with the corrections that hold in it; an energy price that changes within the minute is weighted by time. */
function correctedPrices(old: Prices, quotes: readonly Quote[], minuteMs: number): Prices {
  const toMs = minuteMs + MINUTE_MS
  const book = new QuoteBook()
  // a settled price holds until a correction begins
  for (const quote of Object.values(old)) book.add({ ...quote, fromMs: SETTLED_BEFORE })
  for (const quote of quotes) if (quote.fromMs < toMs) book.add(quote)
  const kept = Object.entries(book.over(minuteMs, toMs)).map(([name, quote]) => [
    name,
    quote.fromMs === SETTLED_BEFORE
      ? { ...quote, fromMs: old[name as keyof Prices]?.fromMs ?? minuteMs }
      : quote,
  ])
  return Object.fromEntries(kept)
}
