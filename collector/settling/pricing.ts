import { createHash } from 'node:crypto'
import { z } from 'zod'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { Prices, Quote } from '../../protocol/quote.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { monthsOf } from '../economics/calendar.ts'
import { attribution } from '../economics/energy/attribution.ts'
import { isContract } from '../economics/settlement/contracts.ts'
import type { SettleRules } from '../economics/settlement/settle.ts'
import { AttributionSchema, CostsSchema } from '../economics/site-settings.ts'
import { type Workload, WorkloadSchema } from '../economics/workloads.ts'
import type { Settlement, Terms } from '../plugin/accounts.ts'
import type { Store } from '../plugin/store.ts'
import type { QuoteBook } from '../prices/quote-book.ts'

const RulesSchema = z.object({
  workloads: z.array(WorkloadSchema),
  siteMeter: z.string().optional(),
  attribution: AttributionSchema.prefault({}),
  costs: CostsSchema.prefault({}),
  timeZone: z.string().default('UTC'),
})
/** What of the configuration decides what a minute is worth. */
export type RulesText = z.output<typeof RulesSchema>

/** The rules that a minute is priced by. */
export interface Rules extends SettleRules {
  /** hash of what they say */
  version: string
  /** whether a minute without a single record is worth something: a contract that is paid whatever is used, a demand charge */
  standing: boolean
  /** IANA name of the site’s */
  timeZone: string
}

/** Everything that a minute is priced with. */
export interface MinuteTerms {
  rules: Rules
  prices: Prices
}

const pricesOf = (quotes: readonly Quote[]): Prices =>
  Object.fromEntries(quotes.map((quote) => [quote.name, quote]))

/**
 * Which rules and prices a minute has: those that it was settled with; or, where it never was, those in force at its time.
 * So a record that comes late is paid by the contract of its day, whatever the configuration says now.
 */
export class Pricing {
  readonly #quotes: QuoteBook
  readonly #log: Log
  /** since when which rules hold, oldest first */
  #terms: Terms[] = []
  readonly #rules = new Map<string, Rules>()
  /** the configuration's own */
  readonly present: Rules
  readonly #presentText: string

  constructor({ rules, quotes, log }: { rules: RulesText; quotes: QuoteBook; log: Log }) {
    this.#quotes = quotes
    this.#log = log
    this.#presentText = JSON.stringify(rules)
    this.present = this.#keep(versionOf(this.#presentText), rules)
  }

  /** Reads the rules of all times, and notes since when the configuration's own hold. */
  async start(store: Store, nowMs: number): Promise<void> {
    this.#terms = await store.terms()
    for (const terms of this.#terms) this.#read(terms)
    if (this.#terms.at(-1)?.version === this.present.version) return
    const terms: Terms = { version: this.present.version, fromMs: nowMs, text: this.#presentText }
    await store.writeTerms(terms)
    this.#terms.push(terms)
  }

  /** Since when there are rules at all, Unix ms: before, a minute without records is worth nothing. */
  get firstMs(): number {
    return this.#terms[0]?.fromMs ?? Number.POSITIVE_INFINITY
  }

  /** A workload by its name: the present one, else that of the newest rules that had it. */
  workload(name: string): Workload | undefined {
    const versions = [this.present, ...[...this.#rules.values()].toReversed()]
    for (const { workloads } of versions) {
      const found = workloads.find((w) => w.name === name)
      if (found) return found
    }
    return undefined
  }

  of(minuteMs: number, settlement: Settlement | undefined): MinuteTerms {
    if (settlement) return { rules: this.version(settlement.terms), prices: pricesOf(settlement.quotes) }
    const inForce = this.#terms.findLast((t) => t.fromMs <= minuteMs) ?? this.#terms[0]
    return {
      rules: inForce ? this.version(inForce.version) : this.present,
      prices: this.#quotes.over(minuteMs, minuteMs + MINUTE_MS),
    }
  }

  /** The rules of a version; the present ones where it can't be read any more. */
  version(version: string): Rules {
    return this.#rules.get(version) ?? this.present
  }

  #read({ version, text }: Terms): void {
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

const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)
