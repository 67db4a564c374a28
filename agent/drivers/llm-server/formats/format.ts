/** What one family of LLM servers calls its counters. Adding a family is one more file in this folder. */
export interface LlmFormat {
  /** name in the configuration's `format:` */
  name: string
  /** name in help and error texts */
  title: string
  /** how all of its metrics begin; a relay that allows no colon writes an underscore instead */
  prefix: string
  tokensIn: string
  /** counters of those input tokens that came from a cache; names differ by version, and the first one on the page is used */
  tokensInCached: readonly string[]
  /** true: `tokensIn` leaves out the tokens from the cache */
  cachedApart?: boolean
  tokensOut: string
  requestsRunning: string
}
