/** One series of a metrics page. A colon and an underscore are the same: relays that allow no colon write an underscore. */
export interface Figure {
  name: string
  /** only series with these labels count */
  where?: Readonly<Record<string, string>>
}

/** A meaning's names by version, newest first; the first one that is on the page is used. */
export type Figures = readonly Figure[]

/** What one family of LLM servers calls its counters. Adding a family is one more file of data in this folder. */
export interface LlmFormat {
  /** name in the configuration's `format:` */
  name: string
  /** name in help and error texts */
  title: string
  /** the versions whose names these are, and where the names stand */
  versions: string
  /** how all of its metrics begin; absent where they have nothing in common */
  begins?: string
  /** true: it stands in front of the servers that do the work, so its page counts where both are on one page */
  inFront?: true
  /** true: other families' pages may show the same names, so it is tried after them */
  shared?: true
  tokensIn: Figures
  /** input tokens that came from the server's cache. Only counters that count a request once are here. */
  tokensInCached: Figures
  /** input tokens that another server has computed and counted as its input: the prefill end, where prefill and decode are apart */
  tokensInElsewhere?: Figures
  /** input tokens from this server's own cache, where `tokensInCached` includes those of `tokensInElsewhere` */
  tokensInCachedHere?: Figures
  /** true: `tokensIn` leaves out the tokens from the cache */
  cachedApart?: true
  tokensOut: Figures
  requestsRunning: Figures
  /** requests since the start: more than none on a page without token counters is a fault */
  requestsServed?: Figures
  /** labels that name the model, the first one that a series has; absent: `model_name`, `model` */
  modelLabels?: readonly string[]
  /** labels by which a series says that it is of a prefill or a decode end */
  ends?: Readonly<Record<'prefill' | 'decode', readonly Readonly<Record<string, string>>[]>>
  /** how a page shows that prefill and decode are apart; absent: the family does both, or stands in front of both */
  apart?: Apart
  /**
   * how the metrics of stores of KV blocks begin: an `own` one is this computer's memory, so that `tokensInElsewhere` then are cached
   * tokens of this server; a `shared` one may as well be filled by other servers, a prefill end among them
   */
  stores?: Readonly<Record<'own' | 'shared', readonly string[]>>
  /** what to do where the page counts no tokens */
  withoutTokens?: string
}

/** What a page without a label of its end shows where a prefill end hands its requests on to a decode end. */
export interface Apart {
  /** sum and count of the limits of tokens that requests ask for; absent: tokens out and requests served are compared */
  limits?: { sum: string; count: string }
  /** how metrics begin that stand on the page only where requests are handed on */
  transfers?: readonly string[]
  /** above 0: some of this server's input was computed by another server, or by a store that the page doesn't show */
  received?: Figures
  /** how metrics begin that versions have whose decode end shows what it received; absent: no version does */
  decodeTells?: readonly string[]
  /** label that a system gives its workers; a decode end may have the same one there as a server that does both */
  workerLabel?: string
}
