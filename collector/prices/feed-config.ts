import { z } from 'zod'
import { NameSchema } from '../../protocol/device.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { type Entry, entrySchema, pluginNamed } from '../../protocol/kit/plugin.ts'
import { pause } from '../../protocol/kit/retry.ts'
import { QuoteNameSchema } from '../../protocol/quote.ts'
import type { ConfiguredFeed, Feed, FeedContext } from '../plugin/feed.ts'
import type { Store } from '../plugin/store.ts'
import { TYPED } from './feed-state.ts'
import type { FilledTime, QuoteBook } from './quote-book.ts'
import { QuoteSelector } from './quote-selector.ts'
import { QuoteWriteQueue } from './quote-write-queue.ts'

const REQUEST_MS = 10_000

/** What every feed has beside its own settings. */
const commonSettings = ({ name }: Feed) => ({
  name: NameSchema.default(name).describe(
    'what logs, screens and quotes call it; the feed’s own name where absent',
  ),
})

export type FeedConfig = Entry<'feed', ReturnType<typeof commonSettings>>

/** The `feeds:` part of the configuration: `[{ feed: mempool }, { feed: price-csv, name: day-ahead, path: ... }]`. */
export const feedsSchema = (feeds: readonly Feed[]) =>
  z
    .array(entrySchema('feed', feeds, commonSettings), {
      error: ({ input }) =>
        Array.isArray(input) ? undefined : 'expected a list such as [{ feed: mempool }]',
    })
    .superRefine((configs, ctx) => {
      for (const [i, { name }] of configs.entries()) {
        const taken = name === TYPED || configs.findIndex((f) => f.name === name) < i
        const message = `${name} is taken; give this feed a name of its own`
        if (taken) ctx.addIssue({ code: 'custom', path: [i, 'name'], message })
        // a feed called fx.EUR would publish another price than its author meant
        else if (QuoteNameSchema.safeParse(name).success) {
          const advice = `${name} is the name of a price; say which price it is with quote: ${name}, and call the feed otherwise`
          ctx.addIssue({ code: 'custom', path: [i, 'name'], message: advice })
        }
      }
    })

const configured = (
  feed: Feed,
  name: string,
  settings: z.output<Feed['settings']>,
  context: FeedContext,
) => ({
  name,
  feed: feed.name,
  quotes: feed.quotes(settings),
  start: feed.open(settings, context),
})

/** The selector over a configuration's prices and feeds. @throws UsageError where a feed is not built in */
export function createQuoteSelector(
  config: { prices: z.output<Feed['settings']>; feeds: readonly FeedConfig[] },
  parts: {
    feeds: readonly Feed[]
    /** the feed that publishes `prices:` */
    typed: Feed
    book: QuoteBook
    store: Pick<Store, 'writeQuotes'>
    log: Log
    version: string
    nowMs: () => number
    onFilled: (filled: FilledTime) => void
    keep?: () => Promise<boolean>
    onDate?: FeedContext['onDate']
    clockWrong?: () => boolean
  },
): QuoteSelector {
  const { book, store, log, version, nowMs, onFilled, keep, onDate, clockWrong } = parts
  const context: FeedContext = {
    version,
    requestMs: REQUEST_MS,
    nowMs,
    random: Math.random,
    pause,
    ...(onDate ? { onDate } : {}),
  }
  const feeds = config.feeds.map(
    (entry): ConfiguredFeed => configured(pluginNamed(parts.feeds, entry.feed), entry.name, entry, context),
  )
  const typed = configured(parts.typed, TYPED, config.prices, context)
  return new QuoteSelector({
    book,
    writer: new QuoteWriteQueue(store, log),
    typed,
    feeds,
    nowMs,
    ...(clockWrong ? { clockWrong } : {}),
    log,
    onFilled,
    keep,
  })
}
