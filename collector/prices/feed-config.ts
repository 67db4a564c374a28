import { z } from 'zod'
import { NameSchema } from '../../protocol/device.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pause } from '../../protocol/kit/retry.ts'
import type { Feed, FeedContext, FeedKind } from '../plugin/feed.ts'
import type { Store } from '../plugin/store.ts'
import type { QuoteBook } from './quote-book.ts'
import { QuoteSelector, TYPED } from './quote-selector.ts'
import { QuoteWriteQueue } from './quote-write-queue.ts'

const REQUEST_MS = 10_000

/** A feed as configured: which kind it is, with that kind's own settings. */
export interface FeedConfig {
  name: string
  kind: string
  settings: unknown
}

/**
 * The `feeds:` part of the configuration: `[{ mempool: {} }, { name: day-ahead, priceCsv: { path: ... } }]`. Kinds bring their
 * own settings, so one more of them changes nothing here. A feed without a name is called by its kind.
 */
export function feedsSchema(kinds: readonly FeedKind[]) {
  const names = kinds.map(({ kind }) => kind)
  const kindSettings = Object.fromEntries(
    kinds.map(({ kind, about, settings }) => [kind, settings.optional().describe(about)]),
  )
  const FeedSchema = z
    .strictObject({
      ...kindSettings,
      name: NameSchema.optional().describe('what logs, screens and quotes call it; its kind where absent'),
    })
    .transform((input, ctx): FeedConfig => {
      const { name, ...rest } = input as { name?: string } & Record<string, unknown>
      const [kind, ...others] = names.filter((k) => rest[k] !== undefined)
      if (kind && others.length === 0) return { name: name ?? kind, kind, settings: rest[kind] }
      ctx.addIssue(`expected exactly one of ${names.join(', ')}`)
      return z.NEVER
    })
  return z.array(FeedSchema).superRefine((feeds, ctx) => {
    for (const [i, { name }] of feeds.entries()) {
      const taken = name === TYPED || feeds.findIndex((f) => f.name === name) < i
      const message = `${name} is taken; give this feed a name of its own`
      if (taken) ctx.addIssue({ code: 'custom', path: [i, 'name'], message })
    }
  })
}

/** The feeds of a configuration. @throws where a kind is not built in */
const createFeeds = (
  configs: readonly FeedConfig[],
  kinds: readonly FeedKind[],
  context: FeedContext,
): Feed[] =>
  configs.map(({ name, kind, settings }) => {
    const found = kinds.find((k) => k.kind === kind)
    if (!found) throw new Error(`feed ${name}: the kind ${kind} is not built in`)
    return { name, kind, quotes: found.quotes(settings), start: found.open(settings, context) }
  })

/** The selector over a configuration's prices and feeds. */
export function createQuoteSelector(
  config: { prices: unknown; feeds: readonly FeedConfig[] },
  parts: {
    kinds: readonly FeedKind[]
    /** the kind that reads `prices:` */
    typedKind: string
    book: QuoteBook
    store: Pick<Store, 'writeQuotes'>
    log: Log
    version: string
    nowMs: () => number
  },
): QuoteSelector {
  const { kinds, typedKind, book, store, log, version, nowMs } = parts
  const context: FeedContext = { version, requestMs: REQUEST_MS, nowMs, random: Math.random, pause }
  const [typed, ...feeds] = createFeeds(
    [{ name: TYPED, kind: typedKind, settings: config.prices }, ...config.feeds],
    kinds,
    context,
  )
  return new QuoteSelector({
    book,
    writer: new QuoteWriteQueue(store, log),
    typed: typed as Feed,
    feeds,
    nowMs,
    log,
  })
}
