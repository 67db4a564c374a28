import { PartCounter } from '../../counting/part-counter.ts'
import { type Server, type ServerEnd, serversOn } from './ends.ts'
import type { LlmFormat } from './formats/format.ts'
import { type ByModel, cachedHere, llmCounters, type Page } from './metrics.ts'
import { SeenSeries } from './seen-series.ts'

/** Token counters of one server. */
export interface ServerTokens {
  /** its name where the page tells several servers apart, else ''; also how its input was counted, where that is not the usual way */
  key: string
  tokensIn: ByModel
  tokensInCached: ByModel
  tokensOut: ByModel
}

/** Counters of the tokens that a page's servers sell. */
export interface SoldTokens {
  /** `whole` too where servers of both ends stand on the page */
  end: ServerEnd
  servers: readonly ServerTokens[]
  /** counters that are not sold: of the other end, held back, or counted the other way. They may be sold later, from what they show then */
  unsold: readonly ServerTokens[]
  /** what is not sold because the page doesn't tell which end its server is, and what to set */
  unsure: string[]
}

/** What is added to a server's key where input that came from elsewhere is counted too, and could have been left out. */
const ALL_INPUT = 'all input'

/**
 * Where prefill and decode are apart, both ends count the prompt, and each token may be sold once: the prefill end sells the input
 * and not the one token with which it hands a request on; the decode end sells the output, and of the input what it computed itself.
 * What a page leaves open is held back.
 */
export class TokenSale {
  readonly #set: ServerEnd | undefined
  readonly #elsewhere = new Map<string, PartCounter>()
  readonly #cached = new Map<string, PartCounter>()
  readonly #seen = new SeenSeries()

  /** @param set which end the settings say that the server is; undefined: the page tells */
  constructor(set: ServerEnd | undefined) {
    this.#set = set
  }

  read(page: Page, format: LlmFormat): SoldTokens {
    const servers = serversOn(page, format, this.#set)
    const told = servers.map((server) => this.#of(server, format))
    const isNew = this.#seen.newOnes(servers, format, Date.now() / 1000)
    const ends = new Set(servers.map(({ end }) => end.end))
    const [end = this.#set ?? 'whole'] = ends.size > 1 ? [] : ends
    return {
      end,
      servers: told.flatMap(({ sold }, i) => (isNew[i] ? [] : [sold])),
      unsold: told.flatMap(({ sold, unsold }, i) => (isNew[i] ? [sold, ...unsold] : unsold)),
      unsure: [...new Set(servers.flatMap(({ end: { unsure } }) => unsure ?? []))],
    }
  }

  #of({ key, page, end }: Server, format: LlmFormat): { sold: ServerTokens; unsold: ServerTokens[] } {
    const { tokensIn, tokensInCached, tokensInElsewhere, tokensOut } = llmCounters(page, format)
    const here = new Map<string, number>()
    for (const [model, tokens] of tokensIn) {
      const part = tokensInElsewhere.get(model) ?? 0
      here.set(model, tokens - counterOf(this.#elsewhere, `${key} ${model}`).take(tokens, part))
    }
    const way = (name: string, own: ByModel, cached: ByModel): ServerTokens => ({
      key: `${key} ${name}`.trim(),
      tokensIn: own,
      tokensInCached: this.#partsOf(own, cached, `${key} ${name}`),
      tokensOut,
    })
    const toldApart = tokensInElsewhere.size > 0
    const usual = way('', here, toldApart && !end.elsewhere ? cachedHere(page, format) : tokensInCached)
    const all = format.tokensInElsewhere && way(ALL_INPUT, tokensIn, tokensInCached)
    const [chosen, other] = all && toldApart && end.elsewhere ? [all, usual] : [usual, all]
    const sellsIn = (model: string) => end.input && (end.end !== 'decode' || tokensInElsewhere.has(model))
    return {
      sold: only(chosen, sellsIn, end.output),
      unsold: [only(chosen, (model) => !sellsIn(model), !end.output), ...(other ? [other] : [])],
    }
  }

  /** Of what came from a cache what the input includes. */
  #partsOf(own: ByModel, cached: ByModel, key: string): ByModel {
    const parts = new Map<string, number>()
    for (const [model, tokens] of cached) {
      const whole = own.get(model)
      if (whole !== undefined)
        parts.set(model, counterOf(this.#cached, `${key} ${model}`).take(whole, tokens))
    }
    return parts
  }
}

/** The same without the input of some models, or without output. */
function only(tokens: ServerTokens, input: (model: string) => boolean, output: boolean): ServerTokens {
  const some = (counts: ByModel) => new Map([...counts].filter(([model]) => input(model)))
  return {
    key: tokens.key,
    tokensIn: some(tokens.tokensIn),
    tokensInCached: some(tokens.tokensInCached),
    tokensOut: output ? tokens.tokensOut : new Map<string, number>(),
  }
}

function counterOf(counters: Map<string, PartCounter>, key: string): PartCounter {
  const counter = counters.get(key) ?? new PartCounter()
  counters.set(key, counter)
  return counter
}
