import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pause } from '../../protocol/kit/retry.ts'
import type { Prices, Quote } from '../../protocol/quote.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { Repricing, Settlement } from '../plugin/accounts.ts'
import { isRefused, type Store } from '../plugin/store.ts'
import { QuoteBook } from '../prices/quote-book.ts'
import type { MinuteTerms, Pricing } from './pricing.ts'
import type { Settler } from './settler.ts'

const RETRY_MS = 10_000
/** before any correction */
const SETTLED_BEFORE = -1
/** Enough to find those that a stop interrupted. */
const LOOKED_BACK = 100

export interface RepricingRequest {
  /** whole minutes; the end is exclusive, and not in the future */
  fromMs: number
  toMs: number
  by: string
  reason: string
  /** corrected prices, each from its own time to the next of its name */
  quotes: readonly Quote[]
  /** the configuration's present workloads instead of those of the time */
  presentRules: boolean
}

/**
 * Prices a time anew because a tariff or a contract was wrong: on request, signed, in pieces between the ordinary work, and to
 * its end over any restart. The old figures stay in the audit trail; a record that comes late afterwards is priced as corrected.
 */
export class Repricer {
  readonly #store: Store
  readonly #settler: Settler
  readonly #pricing: Pricing
  readonly #nowMs: () => number
  readonly #log: Log
  readonly #stop = new AbortController()
  #work: Promise<void> = Promise.resolve()
  #asked = 0

  constructor(options: { store: Store; settler: Settler; pricing: Pricing; nowMs: () => number; log: Log }) {
    this.#store = options.store
    this.#settler = options.settler
    this.#pricing = options.pricing
    this.#nowMs = options.nowMs
    this.#log = options.log
  }

  /** Goes on with what a stop interrupted. */
  async start(): Promise<void> {
    const open = (await this.#store.repricings(LOOKED_BACK)).filter((r) => r.doneMs < r.toMs)
    for (const repricing of open.toReversed()) this.#begin(repricing)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#work
  }

  /** Resolves when the request is kept; the work follows. @throws PerwattError where the store can't keep it */
  async ask({ presentRules, ...request }: RepricingRequest): Promise<Repricing> {
    const atMs = this.#nowMs()
    const repricing: Repricing = {
      ...request,
      id: `${new Date(atMs).toISOString()}-${++this.#asked}`,
      atMs,
      terms: presentRules ? this.#pricing.present.version : '',
      doneMs: request.fromMs,
    }
    await this.#store.writeRepricing(repricing)
    const { id, by, reason } = repricing
    this.#log.info('repricing asked for', { id, by, why: reason, minutes: minutesOf(repricing) })
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
          // the next one may correct it, and must not wait for ever
          this.#log.error('repricing given up: its figures can’t be kept; ask again with other prices', why)
          return
        }
        this.#log.error('repricing stands still; will try again', why)
        await pause(RETRY_MS, this.#stop.signal)
      }
    }
    if (next.doneMs >= next.toMs)
      this.#log.info('repricing done', { id: next.id, minutes: minutesOf(repricing) })
  }

  /** Prices the next few minutes. @returns how far it is */
  #piece(repricing: Repricing): Promise<Repricing> {
    return this.#settler.alone(async () => {
      const { doneMs, toMs } = repricing
      const next = { ...repricing, doneMs: Math.min(toMs, doneMs + this.#settler.minutesAtOnce * MINUTE_MS) }
      const minutes: number[] = []
      for (let minute = doneMs; minute < next.doneMs; minute += MINUTE_MS) minutes.push(minute)
      await this.#settler.settle(minutes, (minute, before) => this.#terms(repricing, minute, before), next)
      return next
    })
  }

  #terms(repricing: Repricing, minuteMs: number, before: Settlement | undefined): MinuteTerms {
    const old = this.#pricing.of(minuteMs, before)
    return {
      rules: repricing.terms ? this.#pricing.version(repricing.terms) : old.rules,
      prices: correctedPrices(old.prices, repricing.quotes, minuteMs),
    }
  }
}

const minutesOf = ({ fromMs, toMs }: Repricing): number => (toMs - fromMs) / MINUTE_MS

/** A minute's prices with the corrections that hold in it; where a tariff changes inside the minute, by how long each held. */
function correctedPrices(old: Prices, quotes: readonly Quote[], minuteMs: number): Prices {
  const toMs = minuteMs + MINUTE_MS
  const book = new QuoteBook()
  // what the minute was settled with holds until a correction does
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
