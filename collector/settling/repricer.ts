import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pause } from '../../protocol/kit/retry.ts'
import type { Prices, Quote } from '../../protocol/quote.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { Repricing, Settlement } from '../plugin/audit-store.ts'
import { BEYOND_LEDGER, type Decision, type HeldFilter, HOLD_KINDS } from '../plugin/held.ts'
import { isRefused, type Store } from '../plugin/store.ts'
import { QuoteBook } from '../prices/quote-book.ts'
import type { MinutePricing, Pricing } from './pricing.ts'
import type { Settler } from './settler.ts'

const RETRY_MS = 10_000
/** Begin, in Unix ms, given to a minute's settled prices: before any correction. */
const SETTLED_BEFORE = -1
/** Groups of holds that a decision's span is read from. */
const MOST_GROUPS = 1_000_000
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

export interface DecisionRequest {
  verdict: Decision['verdict']
  /** which held records; open ones where it names no state */
  filter: HeldFilter
  by: string
  reason: string
  /**
   * true: it decides claims, for an adoption. Every other decision leaves claims out: accepting one would pay a minute of a machine to a
   * second agent.
   */
  adoption?: boolean
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
  readonly #onDecided: (decision: Decision) => Promise<void>
  readonly #stop = new AbortController()
  #work: Promise<void> = Promise.resolve()
  #requests = 0

  constructor(options: {
    store: Store
    settler: Settler
    pricing: Pricing
    nowMs: () => number
    log: Log
    /** a decision about held records is stored */
    onDecided?: (decision: Decision) => Promise<void>
  }) {
    this.#onDecided = options.onDecided ?? (async () => {})
    this.#store = options.store
    this.#settler = options.settler
    this.#pricing = options.pricing
    this.#nowMs = options.nowMs
    this.#log = options.log
  }

  /** Continues repricings that a stop interrupted, oldest first. */
  async start(): Promise<void> {
    const open = (await this.#store.repricings(SEARCHED_REPRICINGS)).filter((r) => r.doneMs < r.toMs)
    for (const repricing of open.toReversed()) {
      const { decision } = repricing
      // a store without transactions may have carried out a part of it
      if (decision) await this.#store.decide({ ...repricing, decision })
      this.#begin(repricing)
    }
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
      id: this.#idOf(atMs),
      atMs,
      rulesVersion: presentRules ? this.#pricing.present.version : '',
      doneMs: request.fromMs,
    }
    return this.#ordered(repricing, () => this.#store.writeRepricing(repricing))
  }

  /**
   * Accepts or rejects the held records that match, and settles their minutes again, each with the prices that it was settled with.
   * Resolves when the decision is stored; undefined where no hold matches. @throws PerwattError where the store can't keep it
   */
  async decide({
    by,
    reason,
    filter: asked,
    verdict,
    adoption = false,
  }: DecisionRequest): Promise<Repricing | undefined> {
    const kinds = (asked.kinds ?? HOLD_KINDS).filter((kind) => adoption || kind !== 'claim')
    const state = asked.state ?? 'open'
    const found = await this.#store.heldGroups({ ...asked, kinds, state }, MOST_GROUPS)
    const groups = found.filter(({ check }) => verdict === 'rejected' || check !== BEYOND_LEDGER)
    if (groups.length === 0 || state === verdict) return undefined
    const filter: HeldFilter = { ...asked, kinds }
    if (groups.length < found.length) filter.checks = [...new Set(groups.map(({ check }) => check))]
    const atMs = this.#nowMs()
    const fromMs = minuteOf(Math.min(...groups.map((group) => group.firstMs)))
    const toMs = minuteOf(Math.max(...groups.map((group) => group.lastMs))) + MINUTE_MS
    const span = {
      fromMs: Math.max(fromMs, filter.fromMs ?? fromMs),
      toMs: Math.min(toMs, filter.toMs ?? toMs),
    }
    const records = groups.reduce((sum, group) => sum + group.records, 0)
    const decision: Decision = { verdict, filter: { ...filter, ...span, state }, records }
    const repricing = {
      id: this.#idOf(atMs),
      atMs,
      by,
      reason,
      fromMs,
      toMs,
      rulesVersion: '',
      quotes: [],
      doneMs: fromMs,
      decision,
    }
    const ordered = await this.#ordered(repricing, () => this.#store.decide(repricing))
    await this.#onDecided(decision).catch((error) =>
      this.#log.warn('the decision is stored, but nothing was learnt from it', { reason: reasonOf(error) }),
    )
    return ordered
  }

  async #ordered(repricing: Repricing, store: () => Promise<void>): Promise<Repricing> {
    await store()
    const { id, by, reason } = repricing
    this.#log.info('repricing requested', { id, by, why: reason, minutes: minutesOf(repricing) })
    this.#begin(repricing)
    return repricing
  }

  #idOf(atMs: number): string {
    return `${new Date(atMs).toISOString()}-${++this.#requests}`
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
      const { minutes, doneMs } = await this.#nextMinutes(repricing)
      const next = { ...repricing, doneMs }
      await this.#settler.settle(
        minutes,
        (minute, before) => this.#pricingOf(repricing, minute, before),
        next,
      )
      return next
    })
  }

  /** The minutes of the next piece, and how far the repricing is after them. A decision settles only the minutes that it touched. */
  async #nextMinutes(repricing: Repricing): Promise<{ minutes: number[]; doneMs: number }> {
    const { id, decision, doneMs, toMs } = repricing
    const atOnce = this.#settler.minutesAtOnce
    if (decision) {
      const minutes = await this.#store.decidedMinutes(id, doneMs, atOnce)
      const last = minutes.at(-1)
      return { minutes, doneMs: last === undefined || minutes.length < atOnce ? toMs : last + MINUTE_MS }
    }
    const endMs = Math.min(toMs, doneMs + atOnce * MINUTE_MS)
    const minutes: number[] = []
    for (let minute = doneMs; minute < endMs; minute += MINUTE_MS) minutes.push(minute)
    return { minutes, doneMs: endMs }
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
