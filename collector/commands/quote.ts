import { PerwattError, UsageError } from '../../protocol/kit/errors.ts'
import { table } from '../../protocol/kit/table.ts'
import { plain, printLine } from '../../protocol/kit/terminal.ts'
import type { Quote } from '../../protocol/quote.ts'
import type { HeldBack } from '../prices/held-back.ts'
import type { QuotesView } from '../prices/quote-selector-options.ts'
import { ApiClient, type ApiOptions, isoTime } from './api-client.ts'

export interface QuoteOptions extends ApiOptions {
  by?: string
  from?: string
  holdsFor?: string
  /** it is right though it leaps */
  sure?: boolean
  /** takes what is held back */
  accept?: boolean
}

/**
 * Pushes a price to the running collector, or accepts one that it holds back; without a price, prints the present prices and their sources.
 */
export async function quote(
  name: string | undefined,
  value: string | undefined,
  options: QuoteOptions,
): Promise<void> {
  const { by, from, holdsFor, sure, accept } = options
  const api = new ApiClient(options)
  if (name === undefined) {
    printLine(quotesText(await api.ask<QuotesView>('/api/v1/quotes', {})))
    return
  }
  if (accept) {
    if (value !== undefined)
      throw new UsageError(['--accept: takes the value that is held back; leave the value out'])
    if (!by) throw new UsageError(['--by: name who says that it is right; the quote’s source names it'])
    const { accepted } = await api.ask<{ accepted: string[] }>('/api/v1/quotes/accept', {}, { name, by })
    printLine(`${name} of ${accepted.map(plain).join(', ')} is taken, accepted by ${plain(by)}`)
    return
  }
  if (value === undefined || value.trim() === '' || !Number.isFinite(Number(value)))
    throw new UsageError([`value: expected a number for ${name}, got ${value ?? 'nothing'}`])
  if (!by) throw new UsageError(['--by: name who sets this price; it becomes the quote’s source'])
  const pushed = await api.ask<Quote | HeldBack>(
    '/api/v1/quotes',
    {},
    {
      name,
      value: Number(value),
      by,
      ...(from === undefined ? {} : { from: isoTime(from) }),
      ...(holdsFor === undefined ? {} : { holdsFor }),
      ...(sure ? { sure } : {}),
    },
  )
  if ('sinceMs' in pushed)
    throw new PerwattError(
      'held-back',
      `${name} = ${value} is held back: ${pushed.reason}; the last one is used. If it is right, push it with --sure`,
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
    ...heldBack.map((h) =>
      h.usedFromMs === undefined
        ? `held back: ${h.source} says ${h.name} = ${h.value} ${h.unit}${h.fromMs === undefined ? '' : ` from ${iso(h.fromMs)} on`}, ${h.reason}${h.waitsFor ? `; it waits for ${h.waitsFor}: perwatt-collector quote ${h.name} --accept --by NAME` : ''}`
        : `wrong: ${h.source} said ${h.name} = ${h.value} ${h.unit} from ${iso(h.usedFromMs)} to ${iso(h.sinceMs)}, ${h.reason}; correct what was settled with it: perwatt-collector reprice --from ${iso(h.usedFromMs)} --to ${iso(h.sinceMs)}`,
    ),
  ]
  return [
    quotes.length > 0 ? prices : 'no prices: set some under `prices` in the configuration, or add `feeds`',
    ...faults.map(plain),
  ].join('\n')
}
