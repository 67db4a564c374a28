import { PartCounter } from '../../counting/part-counter.ts'
import { type Server, type ServerEnd, serversOn } from './ends.ts'
import type { LlmFormat } from './formats/format.ts'
import { type ByModel, cachedHere, keepsCache, llmCounters, type Page } from './metrics.ts'

/** Counters of the tokens that a page's servers sell. */
export interface SoldTokens {
  /** `whole` too where servers of both ends stand on the page */
  end: ServerEnd
  tokensIn: ByModel
  tokensInCached: ByModel
  tokensOut: ByModel
  /** the same by server, where the page tells several apart; key '' where it doesn't */
  servers: readonly ({ key: string } & Pick<SoldTokens, 'tokensIn' | 'tokensInCached' | 'tokensOut'>)[]
  /** what is not sold because the page doesn't tell which end its server is, and what to set */
  unsure: string[]
}

/**
 * Where prefill and decode are apart, both ends count the prompt, and each token may be sold once: the prefill end sells the input
 * and not the one token with which it hands a request on; the decode end sells the output, and of the input what it computed itself.
 * What a page leaves open is held back.
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
    const servers = serversOn(page, format, this.#set)
    // the counter also counts what comes from a store of the server's own cache; a page with one is not of a pair, unless settings say so
    const apart = this.#set === undefined ? !keepsCache(page, format) : this.#set !== 'whole'
    const sold = servers.map((server) => this.#of(server, format, apart))
    const ends = new Set(servers.map(({ end }) => end.end))
    const [end = this.#set ?? 'whole'] = ends.size > 1 ? [] : ends
    return {
      end,
      tokensIn: sumOf(sold.map(({ tokensIn }) => tokensIn)),
      tokensInCached: sumOf(sold.map(({ tokensInCached }) => tokensInCached)),
      tokensOut: sumOf(sold.map(({ tokensOut }) => tokensOut)),
      servers: sold,
      unsure: [...new Set(servers.flatMap(({ end: { unsure } }) => unsure ?? []))],
    }
  }

  #of({ key, page, end }: Server, format: LlmFormat, apart: boolean) {
    const { tokensIn, tokensInCached, tokensInElsewhere, tokensOut } = llmCounters(page, format)
    const elsewhere = apart ? tokensInElsewhere : new Map<string, number>()
    const own = new Map<string, number>()
    const cached = new Map<string, number>()
    if (end.input)
      for (const [model, tokens] of tokensIn) {
        const part = elsewhere.get(model)
        if (part !== undefined)
          own.set(model, tokens - counterOf(this.#elsewhere, `${key} ${model}`).take(tokens, part))
        else if (end.end !== 'decode') own.set(model, tokens)
      }
    const found = apart && elsewhere.size > 0 ? cachedHere(page, format) : tokensInCached
    for (const [model, tokens] of found) {
      const whole = own.get(model)
      if (whole !== undefined)
        cached.set(model, counterOf(this.#cached, `${key} ${model}`).take(whole, tokens))
    }
    return {
      key: key.trim(),
      tokensIn: own,
      tokensInCached: cached,
      tokensOut: end.output ? tokensOut : new Map<string, number>(),
    }
  }
}

function sumOf(parts: readonly ByModel[]): ByModel {
  const sums = new Map<string, number>()
  for (const part of parts)
    for (const [model, tokens] of part) sums.set(model, (sums.get(model) ?? 0) + tokens)
  return sums
}

function counterOf(counters: Map<string, PartCounter>, key: string): PartCounter {
  const counter = counters.get(key) ?? new PartCounter()
  counters.set(key, counter)
  return counter
}
