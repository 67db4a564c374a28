import { PartCounter } from '../../counting/part-counter.ts'
import type { LlmFormat } from './formats/format.ts'
import {
  type ByModel,
  cachedHere,
  endOf,
  keepsCache,
  llmCounters,
  type Page,
  type ServerEnd,
} from './metrics.ts'

/** Counters of the tokens that a server sells. */
export interface SoldTokens {
  end: ServerEnd
  tokensIn: ByModel
  tokensInCached: ByModel
  tokensOut: ByModel
}

/**
 * Where prefill and decode are apart, both ends count the prompt, and each token may be sold once: the prefill end sells the input
 * and not the one token with which it hands a request on; the decode end sells the output, and of the input what it computed itself.
 */
export class TokenSale {
  readonly #set: ServerEnd | undefined
  readonly #elsewhere = new Map<string, PartCounter>()
  readonly #cached = new Map<string, PartCounter>()

  /** @param set which end the settings say that the server is; undefined: the page tells */
  constructor(set: ServerEnd | undefined) {
    this.#set = set
  }

  read(page: Page, format: LlmFormat): SoldTokens {
    const { tokensIn, tokensInCached, tokensInElsewhere, tokensOut } = llmCounters(page, format)
    const end = this.#set ?? endOf(page, format) ?? 'whole'
    // the counter also counts what comes from a store of the server's own cache; a page with one is not of a pair, unless settings say so
    const apart = this.#set === undefined ? !keepsCache(page, format) : end !== 'whole'
    const elsewhere = apart ? tokensInElsewhere : new Map<string, number>()
    const own = new Map<string, number>()
    for (const [model, tokens] of tokensIn) {
      const part = elsewhere.get(model)
      if (part !== undefined) own.set(model, tokens - counterOf(this.#elsewhere, model).take(tokens, part))
      else if (end !== 'decode') own.set(model, tokens)
    }
    const cached = new Map<string, number>()
    const found = apart && elsewhere.size > 0 ? cachedHere(page, format) : tokensInCached
    for (const [model, tokens] of found) {
      const whole = own.get(model)
      if (whole !== undefined) cached.set(model, counterOf(this.#cached, model).take(whole, tokens))
    }
    return {
      end,
      tokensIn: own,
      tokensInCached: cached,
      tokensOut: end === 'prefill' ? new Map() : tokensOut,
    }
  }
}

function counterOf(counters: Map<string, PartCounter>, model: string): PartCounter {
  const counter = counters.get(model) ?? new PartCounter()
  counters.set(model, counter)
  return counter
}
