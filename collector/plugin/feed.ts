import type { z } from 'zod'
import type { QuoteName } from '../../protocol/quote.ts'

/** What a feed says of one name. */
export interface Statement {
  name: QuoteName
  value: number
  /** holds from here (Unix ms), which may lie ahead; from now where absent */
  fromMs?: number
  /** stale after this (Unix ms) unless said again; never where absent */
  staleAfterMs?: number
  /** what is to be known of it, in a few words: `median of kraken, coinbase` */
  detail?: string
}

/** Who listens to a feed. */
export interface FeedSink {
  /**
   * What the feed knows now: for each name in it, everything that holds from the first of these on; it replaces what the feed
   * said of that name before.
   */
  publish(statements: readonly Statement[]): void
  /** Why something is missing, in one line; undefined: nothing is. */
  failing(reason: string | undefined): void
}

/** Where prices and network figures come from: one entry of the configuration's `feeds`. */
export interface Feed {
  readonly name: string
  readonly kind: string
  /** what it may say something of */
  readonly quotes: readonly QuoteName[]
  /** Says what it knows, at once and whenever it changes, until the signal aborts. Never throws, never waits. */
  start(sink: FeedSink, signal: AbortSignal): void
}

/** What a feed is built with, so that a test can drive it. */
export interface FeedContext {
  /** perwatt's version, for the user agent: some exchanges answer nobody who doesn't name himself */
  version: string
  /** how long one request may take, ms: less than a poll, so that one that hangs takes nothing from the others */
  requestMs: number
  nowMs: () => number
  random: () => number
  /** waits; false where the signal ended it */
  pause: (ms: number, signal: AbortSignal) => Promise<boolean>
}

/** The contract of a kind of feed: one file a kind in feeds/, its default export. */
export interface FeedKind<S extends z.ZodType = z.ZodType> {
  /** its key in the configuration */
  readonly kind: string
  /** one line for the documentation */
  readonly about: string
  readonly settings: S
  /** what a feed with these settings may say something of */
  quotes(settings: z.output<S>): readonly QuoteName[]
  open(settings: z.output<S>, context: FeedContext): Feed['start']
}

export const defineFeed = <S extends z.ZodType>(kind: FeedKind<S>): FeedKind<S> => kind
