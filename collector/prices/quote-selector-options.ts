import type { Log } from '../../protocol/kit/log.ts'
import type { Quote } from '../../protocol/quote.ts'
import type { ConfiguredFeed } from '../plugin/feed.ts'
import type { FeedReport } from './feed-state.ts'
import type { HeldBack } from './held-back.ts'
import type { FilledTime, QuoteBook } from './quote-book.ts'
import type { QuoteWriteQueue } from './quote-write-queue.ts'

export interface QuotesView {
  quotes: (Quote & { stale: boolean })[]
  feeds: FeedReport[]
  heldBack: HeldBack[]
}

export interface QuoteSelectorOptions {
  book: QuoteBook
  writer: QuoteWriteQueue
  /** in order of priority */
  feeds: readonly ConfiguredFeed[]
  /** the configuration's own prices */
  typed: ConfiguredFeed
  nowMs: () => number
  /** whether other clocks contradict the collector's: then no price is taken, and none ends; absent: never */
  clockWrong?: () => boolean
  log: Log
  /** called when prices of a past time have come: minutes of it may be priced with them */
  onFilled?: ((filled: FilledTime) => void) | undefined
  /** Keeps what a restart needs, on disk. @returns whether it is there; absent: the store alone keeps it */
  keep?: (() => Promise<boolean>) | undefined
}
