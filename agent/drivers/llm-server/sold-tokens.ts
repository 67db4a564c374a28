import { UNPAID_FAULTS } from '../../../protocol/unpaid-faults.ts'
import { type Server, type ServerEnd, serversOn } from './ends.ts'
import type { LlmFormat } from './formats/format.ts'
import { inputGroups } from './input-groups.ts'
import { modelOf, type Page, seriesOf } from './metrics.ts'
import type { SeriesTokens } from './series-tokens.ts'
import { SoldInput } from './sold-input.ts'
import { SoldOutput } from './sold-output.ts'
import { MOST_SERIES, WatchedSeries } from './watched-series.ts'

const LEAPT = `${UNPAID_FAULTS.leaptTokens} than it can have served since: another server may answer there now (a failover, a proxy), or a burst was counted at once. What it leapt by is not sold; name each server on its own, by its own url`
const TOO_MANY = `shows more than ${MOST_SERIES.toLocaleString('en-GB')} series of tokens: ${UNPAID_FAULTS.uncountedSeries}; read each server's own page, or leave out labels such as users and keys`
const UNTOLD = `does not tell at each reading which part of its input came from elsewhere or from a cache: ${UNPAID_FAULTS.unknownInput}; check that nothing cuts or filters its page`

/** Counters of the tokens that a page's servers sell. */
export interface SoldTokens {
  /** `whole` too where servers of both ends stand on the page */
  end: ServerEnd
  /** the models that the page counts tokens of */
  models: readonly string[]
  sold: readonly SeriesTokens[]
  /**
   * counters that are not sold: of the other end, held back, counted the other way, or of which counting begins here. They may be sold later,
   * from what they show then
   */
  unsold: readonly SeriesTokens[]
  /** what is not sold because the page doesn't tell which end its server is, and what to set */
  unsure: string[]
  /** what else is not sold, and why */
  faults: string[]
}

/**
 * Where prefill and decode are apart, both ends count the prompt, and each token may be sold once: the prefill end sells the input
 * and not the one token with which it hands a request on; the decode end sells the output, and of the input what it computed itself.
 * What a page leaves open is held back. Each series of the page is counted by itself.
 */
export class TokenSale {
  readonly #set: ServerEnd | undefined
  readonly #input = new SoldInput()
  readonly #output = new SoldOutput()
  readonly #watched = new WatchedSeries()

  /** @param set which end the settings say that the server is; undefined: the page tells */
  constructor(set: ServerEnd | undefined) {
    this.#set = set
  }

  /** For the next run: what was seen of some series. JSON. */
  get remembered(): unknown {
    return this.#watched.remembered
  }

  /** @param remembered as an earlier run gave it */
  recall(remembered: unknown): void {
    this.#watched.recall(remembered)
  }

  /** @param isSure whether the page is of the same process as the one before, for certain */
  read(page: Page, format: LlmFormat, isSure = false): SoldTokens {
    const servers = serversOn(page, format, this.#set)
    const outputs = servers.map((server) => seriesOf(server.page, format.tokensOut))
    const inputs = servers.map((server) => inputGroups(server.page, format))
    const tokensIn = inputs.flatMap((groups) => groups.flatMap(({ wholes }) => wholes))
    const tokensOut = outputs.flat()
    const [nowMs, wallMs] = [performance.now(), Date.now()]
    const steps = this.#watched.take({ page, tokensIn, tokensOut, format, nowMs, wallMs, isSure })
    this.#input.begin()
    const told = servers.flatMap(({ end }: Server, i) => [
      this.#input.read(inputs[i] ?? [], steps, { end, format, nowMs }),
      this.#output.read(outputs[i] ?? [], steps, { end, format }),
    ])
    const ends = new Set(servers.map(({ end }) => end.end))
    const [end = this.#set ?? 'whole'] = ends.size > 1 ? [] : ends
    return {
      end,
      models: [...new Set([...tokensIn, ...tokensOut].map((one) => modelOf(one, format)))],
      sold: told.flatMap(({ sold }) => sold),
      unsold: told.flatMap(({ unsold }) => unsold),
      unsure: [...new Set(servers.flatMap(({ end: { unsure } }) => unsure ?? []))],
      faults: [
        ...(this.#watched.hasLeapt ? [LEAPT] : []),
        ...(this.#watched.hasTooMany ? [TOO_MANY] : []),
        ...(this.#input.isUnknown ? [UNTOLD] : []),
      ],
    }
  }
}
