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
import type { RulesVersion, Settlement } from '../plugin/audit-store.ts'
import type { Store } from '../plugin/store.ts'
import type { QuoteBook } from '../prices/quote-book.ts'

const VERSION_CHARS = 16

const RulesSchema = z.object({
  workloads: z.array(WorkloadSchema),
  siteMeter: z.string().optional(),
  attribution: AttributionSchema.prefault({}),
  costs: CostsSchema.prefault({}),
  timeZone: z.string().default('UTC'),
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

/**
 * Rules and prices of each minute: those it was settled with or, where it was never settled, those in force at its time. So a late
 * record is paid by the contract of its day, whatever the configuration says now.
 */
export class Pricing {
  readonly #quotes: QuoteBook
  readonly #log: Log
  /** which version was in force from when, oldest first */
  #versions: RulesVersion[] = []
  readonly #rules = new Map<string, Rules>()
  /** the rules of the present configuration */
  readonly present: Rules
  readonly #presentText: string

  constructor({ rules, quotes, log }: { rules: RulesText; quotes: QuoteBook; log: Log }) {
    this.#quotes = quotes
    this.#log = log
    this.#presentText = JSON.stringify(rules)
    this.present = this.#keep(versionOf(this.#presentText), rules)
  }

  /** Reads the rules of all times; stores the present ones, in force from `nowMs`, where they are new. */
  async start(store: Store, nowMs: number): Promise<void> {
    this.#versions = await store.rulesVersions()
    for (const version of this.#versions) this.#read(version)
    if (this.#versions.at(-1)?.version === this.present.version) return
    const present: RulesVersion = { version: this.present.version, fromMs: nowMs, text: this.#presentText }
    await store.writeRulesVersion(present)
    this.#versions.push(present)
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
    if (settlement)
      return { rules: this.version(settlement.rulesVersion), prices: pricesOf(settlement.quotes) }
    const inForce = this.#versions.findLast((v) => v.fromMs <= minuteMs) ?? this.#versions[0]
    return {
      rules: inForce ? this.version(inForce.version) : this.present,
      prices: this.#quotes.over(minuteMs, minuteMs + MINUTE_MS),
    }
  }

  /** The rules of a version; the present ones where the store no longer holds readable text for it. */
  version(version: string): Rules {
    return this.#rules.get(version) ?? this.present
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
