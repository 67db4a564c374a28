import { UsageError } from '../../protocol/kit/errors.ts'
import { table } from '../../protocol/kit/table.ts'
import { plain, printLine } from '../../protocol/kit/terminal.ts'
import type { Quote } from '../../protocol/quote.ts'
import type { QuotesView } from '../prices/quote-selector.ts'
import { ApiClient, type ApiOptions, isoTime } from './api-client.ts'

export interface QuoteOptions extends ApiOptions {
  by?: string
  from?: string
  holdsFor?: string
}

/** Pushes a price to the running collector; without a price, prints the present prices and their sources. */
export async function quote(
  name: string | undefined,
  value: string | undefined,
  options: QuoteOptions,
): Promise<void> {
  const { by, from, holdsFor } = options
  const api = new ApiClient(options)
  if (name === undefined) {
    printLine(quotesText(await api.ask<QuotesView>('/api/v1/quotes', {})))
    return
  }
  if (value === undefined || value.trim() === '' || !Number.isFinite(Number(value)))
    throw new UsageError([`value: expected a number for ${name}, got ${value ?? 'nothing'}`])
  if (!by) throw new UsageError(['--by: name who sets this price; it becomes the quote’s source'])
  const pushed = await api.ask<Quote>(
    '/api/v1/quotes',
    {},
    {
      name,
      value: Number(value),
      by,
      ...(from === undefined ? {} : { from: isoTime(from) }),
      ...(holdsFor === undefined ? {} : { holdsFor }),
    },
  )
  const isPast = pushed.knownMs !== undefined && pushed.knownMs > pushed.fromMs
  const open = isPast ? 'until a price was known; minutes without one are priced now' : 'until the next push'
  const until = pushed.staleAfterMs === undefined ? open : `until ${iso(pushed.staleAfterMs + 1)}`
  printLine(
    `${pushed.name} = ${pushed.value} ${pushed.unit}, ${plain(pushed.source)}, from ${iso(pushed.fromMs)} ${until}`,
  )
}

const iso = (ms: number): string => new Date(ms).toISOString()

function quotesText({ quotes, feeds, heldBack }: QuotesView): string {
  const prices = table(
    ['quote', 'value', 'unit', 'from', 'source'],
    quotes.map((q) => [
      q.name,
      String(q.value),
      q.unit,
      iso(q.fromMs),
      `${q.source}${q.stale ? ', STALE' : ''}`,
    ]),
  )
  const faults = [
    ...feeds.flatMap(({ name, failing }) => (failing ? [`feed ${name} fails: ${failing}`] : [])),
    ...heldBack.map((h) => `held back: ${h.source} says ${h.name} = ${h.value} ${h.unit}, ${h.reason}`),
  ]
  return [
    quotes.length > 0 ? prices : 'no prices: set some under `prices` in the configuration, or add `feeds`',
    ...faults.map(plain),
  ].join('\n')
}
