import type { QuotesAnswer } from '../../../views/quotes.ts'
import { clock, span } from '../format.ts'
import { useMoney } from '../money.ts'
import { overdue, priceName, priceText } from '../prices.ts'
import { Section } from './section.tsx'
import { Table } from './table.tsx'
import { useAnswer } from './use-answer.ts'

const EVERY_MS = 15_000
const number = true

/** A configuration without prices is a feed that never says anything. */
const speaking = (feeds: QuotesAnswer['feeds']) => feeds.filter((f) => f.quotes.length > 0)

/** Every price with its source and age, and the feeds that they come from. */
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
        quotes.length + speaking(feeds).length === 0 &&
        'No price is known. Give prices or feeds in the collector’s configuration.'
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
            <p class="fault" key={`${h.name} ${h.source}`}>
              ◆ {priceName(h.name)} {priceText(h, money)} of {h.source} is not believed since{' '}
              {clock(h.sinceMs, timeZone)}: {h.reason}
            </p>
          ))}
          {speaking(feeds).length > 0 && (
            <Table
              label="Feeds"
              rows={speaking(feeds)}
              keyOf={(f) => f.name}
              columns={[
                {
                  name: 'Feed',
                  cell: (f) => (
                    <>
                      {f.name}
                      <small>{f.kind}</small>
                    </>
                  ),
                },
                { name: 'Says', cell: (f) => f.quotes.map(priceName).join(', ') },
                {
                  name: 'Heard',
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
