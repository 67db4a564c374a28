import { createHash } from 'node:crypto'
import { z } from 'zod'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { Prices, Quote, QuoteName } from '../../protocol/quote.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { monthsOf } from '../economics/calendar.ts'
import { attribution } from '../economics/energy/attribution.ts'
import { isContract } from '../economics/settlement/contracts.ts'
import type { SettleRules } from '../economics/settlement/settle.ts'
import { AttributionSchema, CostsSchema } from '../economics/site-settings.ts'
import { type Workload, WorkloadSchema } from '../economics/workloads.ts'
import type { RulesVersion, Settlement } from '../plugin/audit-store.ts'
import type { Store } from '../plugin/store.ts'
import { isAssumed } from '../prices/assumed.ts'
import type { FilledTime, QuoteBook } from '../prices/quote-book.ts'
import { isOfEarlierKnowledge } from '../prices/weighted-price.ts'
import { isCorrection } from './correction.ts'
import { type ClockRun, isMisdated, readRuns } from './misdated-time.ts'

const VERSION_CHARS = 16

const RulesSchema = z.object({
  workloads: z.array(WorkloadSchema),
  siteMeter: z.string().optional(),
  attribution: AttributionSchema.prefault({}),
  costs: CostsSchema.prefault({}),
  timeZone: z.string().default('UTC'),
  /** present where the fees of a block have a source; rules of an earlier perwatt did not say */
  needsFees: z.literal(true).optional(),
})
/** The part of the configuration that decides what a minute is worth. */
export type RulesText = z.output<typeof RulesSchema>

/** Pricing rules, ready for use. */
export interface Rules extends SettleRules {
  /** hash of their text */
  version: string
  /** whether a minute without records still earns or costs: a contract paid whatever is used, or a demand charge */
  standing: boolean
  /** IANA name of the site’s time zone */
  timeZone: string
}

/** What one minute is priced with. */
export interface MinutePricing {
  rules: Rules
  prices: Prices
}

const pricesOf = (quotes: readonly Quote[]): Prices =>
  Object.fromEntries(quotes.map((quote) => [quote.name, quote]))

const priceOf = (prices: Prices, name: QuoteName): Quote | undefined => prices[name as keyof Prices]

/**
 * Rules and prices of each minute: those it was settled with or, where it was never settled, those in force at its time. So a late
 * record is paid by the contract of its day, whatever the configuration says now. A price that was not known when the minute was
 * settled is the one of its time that is known now.
 */
export class Pricing {
  readonly #quotes: QuoteBook
  readonly #log: Log
  /** which version was in force from when, oldest first */
  #versions: RulesVersion[] = []
  /** when the collector's clock was wrong, by that clock */
  #wrongRuns: readonly ClockRun[] = []
  readonly #rules = new Map<string, Rules>()
  /** the rules of the present configuration */
  readonly present: Rules
  readonly #presentText: string
  #correct: (minuteMs: number, pricing: MinutePricing) => MinutePricing = (_, pricing) => pricing

  constructor({ rules, quotes, log }: { rules: RulesText; quotes: QuoteBook; log: Log }) {
    this.#quotes = quotes
    this.#log = log
    this.#presentText = JSON.stringify(rules)
    this.present = this.#keep(versionOf(this.#presentText), rules)
  }

  /** Reads the rules of all times. */
  async read(store: Store): Promise<void> {
    this.#versions = await store.rulesVersions()
    for (const version of this.#versions) this.#read(version)
    this.#wrongRuns = (await readRuns(store, this.#log))?.runs ?? []
  }

  /**
   * Reads them, and stores the present ones, in force from `nowMs`, where they are new; after the last ones in any case.
   * @param nowMs by a clock that can be trusted, or that `beginning` keeps in mind
   * @param beginning called with new rules before they are stored; where it rejects, they do not begin
   */
  async start(
    store: Store,
    nowMs: number,
    beginning?: (rules: RulesVersion) => Promise<void>,
  ): Promise<void> {
    await this.read(store)
    const last = this.#versions.at(-1)
    if (last?.version === this.present.version) return
    const fromMs = last && last.fromMs > nowMs ? last.fromMs + 1 : nowMs
    const present: RulesVersion = { version: this.present.version, fromMs, text: this.#presentText }
    await beginning?.(present)
    await store.writeRulesVersion(present)
    this.#versions.push(present)
  }

  /** Moves the begins of rules, but none before rules that don't move. Rejects where the store fails. */
  async move(
    store: Store,
    begins: readonly { version: string; fromMs: number; toMs: number }[],
  ): Promise<void> {
    await this.read(store)
    const moveOf = (v: RulesVersion) =>
      begins.find(({ version, fromMs }) => version === v.version && fromMs === v.fromMs)
    const lastMs = Math.max(0, ...this.#versions.flatMap((v) => (moveOf(v) ? [] : [v.fromMs + 1])))
    for (const before of this.#versions) {
      const begin = moveOf(before)
      const toMs = begin && Math.max(begin.toMs, lastMs)
      if (toMs === undefined || toMs === before.fromMs) continue
      // the new one first: after a crash both are there, and it is done again
      await store.writeRulesVersion({ ...before, fromMs: toMs })
      await store.removeRulesVersion(before)
    }
    await this.read(store)
  }

  /** Writes the rules of all times again, because the database has lost them. */
  async writeAll(store: Store): Promise<void> {
    // the newest first: those that are older than the database's retention are refused
    for (const version of this.#versions.toReversed()) await store.writeRulesVersion(version)
  }

  /** Begin of the first rules, Unix ms. A minute before it is worth nothing unless it has records. */
  get firstMs(): number {
    return this.#versions[0]?.fromMs ?? Number.POSITIVE_INFINITY
  }

  /** A workload by its name: from the present rules, else from the newest rules that had it. */
  workload(name: string): Workload | undefined {
    const versions = [this.present, ...[...this.#rules.values()].toReversed()]
    for (const { workloads } of versions) {
      const found = workloads.find((w) => w.name === name)
      if (found) return found
    }
    return undefined
  }

  of(minuteMs: number, settlement: Settlement | undefined): MinutePricing {
    const known = this.#quotes.over(minuteMs, minuteMs + MINUTE_MS)
    if (settlement) {
      const settled = settlement.quotes.filter((quote) => !this.#gaveWay(quote, known, minuteMs))
      return {
        rules: this.versionAt(minuteMs, settlement.rulesVersion),
        prices: { ...known, ...pricesOf(settled) },
      }
    }
    return this.#correct(minuteMs, { rules: this.#inForce(minuteMs), prices: known })
  }

  /** Gives minutes that were never settled what a repricing of their time corrected. */
  correctUnsettled(correct: (minuteMs: number, pricing: MinutePricing) => MinutePricing): void {
    this.#correct = correct
  }

  /** Whether a minute earns or costs without records, by the rules in force at its time. Before the first rules none does. */
  standingAt(minuteMs: number): boolean {
    return minuteMs + MINUTE_MS > this.firstMs && this.#inForce(minuteMs).standing
  }

  #inForce(minuteMs: number): Rules {
    const version = this.#versions.findLast((v) => v.fromMs <= minuteMs) ?? this.#versions[0]
    return this.versionAt(minuteMs, version?.version)
  }

  /** Whether prices that have come since would settle this minute otherwise. */
  hasNews(settlement: Settlement): boolean {
    const known = this.#quotes.over(settlement.minuteMs, settlement.minuteMs + MINUTE_MS)
    const settled = pricesOf(settlement.quotes)
    return (
      settlement.quotes.some((quote) => this.#gaveWay(quote, known, settlement.minuteMs)) ||
      (settlement.missing ?? []).some((name) => priceOf(known, name) && !priceOf(settled, name))
    )
  }

  /** The past times for which prices came late, and which lie after `fromMs`. */
  toldLate(fromMs: number, nowMs: number): FilledTime[] {
    return this.#quotes
      .names()
      .flatMap((name) => this.#quotes.toldLate(name, nowMs))
      .filter(({ toMs }) => toMs > fromMs)
  }

  /** Whether a price of this name is known for this minute. */
  isKnown(name: QuoteName, minuteMs: number): boolean {
    return priceOf(this.#quotes.over(minuteMs, minuteMs + MINUTE_MS), name) !== undefined
  }

  /**
   * The rules of a version as they hold for a minute; absent: the present ones. Before the first rules, where only a wrong clock has shown a
   * minute, no contract is paid and no demand is charged: their time has moved with the clock, and the records that it labelled stand there yet.
   */
  versionAt(minuteMs: number, version: string | undefined): Rules {
    const rules = version === undefined ? this.present : this.version(version)
    if (minuteMs + MINUTE_MS > this.firstMs || !isMisdated(this.#wrongRuns, minuteMs)) return rules
    const { demand, ...costs } = rules.costs
    return { ...rules, costs, workloads: rules.workloads.filter((w) => !isContract(w)), standing: false }
  }

  /** The rules of a version; the present ones where the store no longer holds readable text for it. */
  version(version: string): Rules {
    return this.#rules.get(version) ?? this.present
  }

  /**
   * Whether a minute's settled price gave way to what its source told later of that time: the price only went on because the source was
   * not heard, or was only assumed. What a person corrected stays, and so does a price that the book has no more.
   */
  #gaveWay(settled: Quote, known: Prices, minuteMs: number): boolean {
    const now = priceOf(known, settled.name)
    if (!now || isCorrection(settled) || (isAssumed(now) && !isAssumed(settled))) return false
    // the first price of a name counts for the whole minute in which it begins, until one of the minute's begin is known
    const beganWithin = settled.fromMs > minuteMs && now.fromMs < settled.fromMs
    const wentOn = now.fromMs > settled.fromMs && now.fromMs <= minuteMs
    return (
      wentOn ||
      beganWithin ||
      (isAssumed(settled) && !isAssumed(now)) ||
      this.#wentOnWithin(settled, minuteMs)
    )
  }

  /** Whether it is the energy price of the minute before its source told that it changed within. */
  #wentOnWithin(settled: Quote, minuteMs: number): boolean {
    if (settled.name !== 'energyUsdPerKwh') return false
    const toMs = minuteMs + MINUTE_MS
    return isOfEarlierKnowledge(settled, this.#quotes.between(settled.name, minuteMs, toMs), minuteMs, toMs)
  }

  #read({ version, text }: RulesVersion): void {
    if (this.#rules.has(version)) return
    try {
      this.#keep(version, RulesSchema.parse(JSON.parse(text)))
    } catch (error) {
      this.#log.error('rules of an earlier time can’t be read; the present ones are used in their place', {
        version,
        reason: reasonOf(error),
      })
    }
  }

  #keep(version: string, text: RulesText): Rules {
    const { timeZone, ...own } = text
    const rules: Rules = {
      ...own,
      version,
      attribute: attribution(own.workloads),
      monthOf: monthsOf(timeZone),
      timeZone,
      standing: own.workloads.some(isContract) || own.costs.demand !== undefined,
    }
    this.#rules.set(version, rules)
    return rules
  }
}

const versionOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, VERSION_CHARS)
