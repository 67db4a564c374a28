import type { Quote } from './quotes.ts'

/** The contract of a feed: where prices and network figures come from. One file a kind in feeds/. */
export interface Feed {
  readonly name: string
  /** Publishes what it knows, at once and whenever it changes, until the signal aborts. Never throws. */
  start(publish: (quote: Quote) => void, signal: AbortSignal): void
}
