import type { z } from 'zod'
import type { Plugin } from '../../protocol/kit/plugin.ts'
import type { QuoteName } from '../../protocol/quote.ts'

/** A price or a network figure, as a feed publishes it. */
export interface FeedQuote {
  name: QuoteName
  value: number
  /** holds from here (Unix ms), which may be in the future; from now where absent */
  fromMs?: number
  /** stale after this (Unix ms) unless published again; never where absent */
  staleAfterMs?: number
  /** how often its source is asked, ms: the first price of a name also holds for this time before it was known */
  intervalMs?: number
  /** how it was found, in a few words: `median of kraken, coinbase` */
  detail?: string
}

/** Where a feed puts what it finds. */
export interface FeedSink {
  /** For each name in it, all quotes that hold from the first one on: they replace what the feed published of that name. */
  publish(quotes: readonly FeedQuote[]): void
  /** Prices of times before those published: they count where no price was known. */
  earlier(quotes: readonly FeedQuote[]): void
  /** Why something is missing, in one line; undefined where nothing is. */
  failing(reason: string | undefined): void
}

/** Publishes at once, and again whenever something changes, until the signal aborts. Never throws; returns at once. */
export type StartFeed = (sink: FeedSink, signal: AbortSignal) => void

/** One entry of the configuration's `feeds`, ready to start. */
export interface ConfiguredFeed {
  /** what logs, screens and quotes call it */
  readonly name: string
  /** name of the plug-in */
  readonly feed: string
  /** the names that it may publish */
  readonly quotes: readonly QuoteName[]
  readonly start: StartFeed
}

/** What a feed is opened with, so that a test can drive it. */
export interface FeedContext {
  /** perwatt's version, for the user agent: some exchanges refuse requests without one */
  version: string
  /** how long one request may take, ms; less than a poll, so that one slow address takes no time from the others */
  requestMs: number
  nowMs: () => number
  /** a server's answer says what time it is, ms since 1970; `tookMs` is the time from the request to the answer */
  onDate?: (host: string, dateMs: number, tookMs: number) => void
  /** in [0, 1) */
  random: () => number
  /** waits; false where the signal ended the wait */
  pause: (ms: number, signal: AbortSignal) => Promise<boolean>
}

/** The contract of a feed, a source of prices and network figures. One file each in feeds/. */
export interface Feed<S extends z.ZodObject = z.ZodObject> extends Plugin<S> {
  /** the names that a feed with these settings may publish */
  quotes(settings: z.output<S>): readonly QuoteName[]
  /** Does no I/O yet: the start does. */
  open(settings: z.output<S>, context: FeedContext): StartFeed
}

export const defineFeed = <S extends z.ZodObject>(feed: Feed<S>): Feed<S> => feed
