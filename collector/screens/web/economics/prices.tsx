import type { QuotesAnswer } from '../../../views/quotes.ts'
import { span } from '../parts/format.ts'
import { dated } from '../parts/last-known.tsx'
import { useMoney } from '../parts/money.ts'
import { overdue, priceName, priceText } from '../parts/price-text.ts'
import { Section } from './parts/section.tsx'
import { Table } from './parts/table.tsx'
import { useAnswer } from './parts/use-answer.ts'

const EVERY_MS = 15_000
const number = true

/** Feeds that have quotes. The configuration is a feed too, and may have none. */
const withQuotes = (feeds: QuotesAnswer['feeds']) => feeds.filter((f) => f.quotes.length > 0)

/** Every price with its source and age, and the feeds. */
export function Prices({ timeZone, nowMs }: { timeZone: string; nowMs: number }) {
  const money = useMoney()
  const answer = useAnswer<QuotesAnswer>({ path: '/api/v1/quotes', everyMs: EVERY_MS })
  const age = (ms: number) => span((nowMs - ms) / 1000)
  return (
    <Section
      id="prices"
      title="Prices and feeds"
      answer={answer}
      timeZone={timeZone}
      empty={({ quotes, feeds }) =>
        quotes.length + withQuotes(feeds).length === 0 &&
        'No price is known. Set prices or feeds in the collector’s configuration.'
      }
    >
      {({ quotes, feeds, heldBack }) => (
        <>
          <Table
            label="Prices now"
            rows={quotes}
            keyOf={(q) => q.name}
            classOf={(q) => (q.stale ? 'losing' : '')}
            columns={[
              { name: 'Price', cell: (q) => priceName(q.name) },
              { name: 'Value', number, cell: (q) => priceText(q, money) },
              {
                name: 'Holds since',
                number,
                cell: (q) => (q.fromMs > 0 ? `${age(q.fromMs)} ago` : 'always'),
              },
              {
                name: 'State',
                cell: (q) => (q.stale ? <span class="loss">◆ {overdue(q, nowMs)}</span> : 'fresh'),
              },
              { name: 'Source', cell: (q) => q.source },
            ]}
          />
          {heldBack.map((h) => (
            <p class="fault" key={`${h.name} ${h.source} ${h.fromMs ?? h.usedFromMs ?? ''}`}>
              ◆ {priceName(h.name)} {priceText(h, money)} of {h.source}
              {h.fromMs !== undefined && ` for the time from ${dated(h.fromMs, nowMs, timeZone)} on`}{' '}
              {h.usedFromMs === undefined
                ? 'has been held back since '
                : `was used from ${dated(h.usedFromMs, nowMs, timeZone)} to `}
              {dated(h.sinceMs, nowMs, timeZone)}: {h.reason}
              {h.usedFromMs !== undefined && '; reprice that time'}
              {h.waitsFor !== undefined && `; it waits for ${h.waitsFor}`}
            </p>
          ))}
          {withQuotes(feeds).length > 0 && (
            <Table
              label="Feeds"
              rows={withQuotes(feeds)}
              keyOf={(f) => f.name}
              columns={[
                {
                  name: 'Feed',
                  cell: (f) => (
                    <>
                      {f.name}
                      <small>{f.feed}</small>
                    </>
                  ),
                },
                { name: 'Quotes', cell: (f) => f.quotes.map(priceName).join(', ') },
                {
                  name: 'Last answer',
                  number,
                  cell: (f) => (f.heardMs === undefined ? 'never' : `${age(f.heardMs)} ago`),
                },
                { name: 'State', cell: (f) => (f.failing ? <span class="loss">◆ {f.failing}</span> : 'ok') },
              ]}
            />
          )}
        </>
      )}
    </Section>
  )
}
