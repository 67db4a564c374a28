import { createHash } from 'node:crypto'
import { z } from 'zod'
import { reasonOf } from '../protocol/kit/errors.ts'
import type { Log } from '../protocol/kit/log.ts'
import type { Settlement, Terms } from './accounts.ts'
import { type Attribute, attribution } from './economics/attribution.ts'
import type { Prices, Quote, QuoteBook } from './quotes.ts'
import type { Store } from './store.ts'
import { type Workload, WorkloadSchema } from './workloads.ts'

/** The rules that a minute is priced by. */
export interface Rules {
  /** hash of what they say */
  version: string
  workloads: readonly Workload[]
  siteMeter: string | undefined
  attribute: Attribute
}

/** Everything that a minute is priced with. */
export interface MinuteTerms {
  rules: Rules
  prices: Prices
}

const TextSchema = z.object({ workloads: z.array(WorkloadSchema), siteMeter: z.string().optional() })

export const pricesOf = (quotes: readonly Quote[]): Prices =>
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

  constructor(options: {
    workloads: readonly Workload[]
    siteMeter: string | undefined
    quotes: QuoteBook
    log: Log
  }) {
    const { workloads, siteMeter, quotes, log } = options
    this.#quotes = quotes
    this.#log = log
    this.#presentText = JSON.stringify({ workloads, siteMeter })
    this.present = this.#keep(versionOf(this.#presentText), workloads, siteMeter)
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

  of(minuteMs: number, settlement: Settlement | undefined): MinuteTerms {
    if (settlement) return { rules: this.version(settlement.terms), prices: pricesOf(settlement.quotes) }
    const inForce = this.#terms.findLast((t) => t.fromMs <= minuteMs) ?? this.#terms[0]
    return {
      rules: inForce ? this.version(inForce.version) : this.present,
      prices: this.#quotes.at(minuteMs),
    }
  }

  /** The rules of a version; the present ones where it can't be read any more. */
  version(version: string): Rules {
    return this.#rules.get(version) ?? this.present
  }

  #read({ version, text }: Terms): void {
    if (this.#rules.has(version)) return
    try {
      const { workloads, siteMeter } = TextSchema.parse(JSON.parse(text))
      this.#keep(version, workloads, siteMeter)
    } catch (error) {
      this.#log.error('rules of an earlier time can’t be read; the present ones are used in their place', {
        version,
        reason: reasonOf(error),
      })
    }
  }

  #keep(version: string, workloads: readonly Workload[], siteMeter: string | undefined): Rules {
    const rules = { version, workloads, siteMeter, attribute: attribution(workloads) }
    this.#rules.set(version, rules)
    return rules
  }
}

const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)
