import { html } from 'hono/html'
import { whyProvisional } from '../../views/provisional.ts'
import type { Statement } from '../../views/statement.ts'
import { correctionsTable } from './corrections-table.ts'
import { entry, type Markup } from './markup.ts'
import { linesTable, ownTables, useTable } from './statement-tables.ts'
import { amountText, numberText, priceText, rangeText, Times } from './statement-text.ts'

const DECIDED = { accepted: 'Accepted', rejected: 'Rejected', open: 'Taken back' } as const

/** A statement as a page for screen and print, without scripts. */
export function statementPage(s: Statement): Markup {
  const times = new Times(s.timeZone)
  const customer = s.customer ?? s.siteName
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light" />
        <title>${s.number} · ${customer}</title>
        <link rel="icon" href="/assets/icon.svg" />
        <link rel="stylesheet" href="/assets/statement.css" />
      </head>
      <body>
        <header>
          <div>
            <p class="site">${s.siteName}</p>
            <h1>Statement for ${times.month(s.from)}</h1>
            <p class="customer">${s.customer === undefined ? 'The site’s own statement: workloads without a customer' : customer}</p>
            ${s.toDate ? html`<p class="to-date">To date: the month is not over. Figures up to ${times.minute(s.through)}.</p>` : ''}
            ${s.provisional ? html`<p class="to-date">Provisional: ${whyProvisional(s.completeness).join('; ')}. Every figure is that of a part.</p>` : ''}
          </div>
          <dl>
            ${entry('Number', s.number)} ${entry('Revision', s.revision)}
            ${entry('Copy', s.copy === 'own' ? 'operator’s own' : 'customer’s')}
            ${entry('Period', `${times.minute(s.from)} to ${times.minute(s.to)}, ${s.timeZone}`)}
            ${
              s.issued
                ? entry('Issued', `${times.minute(s.issued.at)} by ${s.issued.by}`)
                : entry('Draft', `not issued; as of ${times.minute(s.generatedAt)}`)
            }
          </dl>
        </header>
        <main>${linesTable(s, times)} ${correctionsTable(s, times)} ${useTable(s)} ${s.own ? ownTables(s.own) : ''} ${notes(s, times)}</main>
      </body>
    </html>`
}

const PRICES: Record<string, string> = {
  btcUsd: 'Bitcoin price',
  difficulty: 'Difficulty',
  blockHeight: 'Block height',
  feesBtcPerBlock: 'Fees of a block',
  energyUsdPerKwh: 'Energy price',
}

const HELD: Record<string, string> = {
  doubt: 'that their machine can’t have made',
  claim: 'of a machine that another agent has',
  quarantine: 'that were put aside',
}

const heldText = ({ workload, kind, records, wouldEarnUsd, energyKwh }: Statement['held'][number]): string =>
  `${numberText(records)} ${records === 1 ? 'record' : 'records'} of ${workload} ${HELD[kind] ?? kind} ${records === 1 ? 'waits' : 'wait'} for a decision: ${records === 1 ? 'it' : 'they'} would earn ${amountText(wouldEarnUsd)} USD and used ${numberText(energyKwh)} kWh, in none of these figures`

function notes(s: Statement, times: Times): Markup {
  const {
    elapsedMinutes,
    settledMinutes,
    waitingMinutes,
    lostRecords,
    putAsideRecords = 0,
    unpriced,
  } = s.completeness
  const { minutes, newest } = s.restatements
  return html`<section>
    <h2>Basis of these figures</h2>
    <dl>
      ${s.fees.map((f) => entry(`Fees of ${f.workload}`, `${amountText(f.feesUsd)} USD kept by pools and firmware, not part of the amounts`))}
      ${s.prices.map((p) => entry(PRICES[p.name] ?? p.name, `${rangeText(p.min, p.max)} ${p.unit} (${p.sources.join(', ')})`))}
      ${entry('Ledger', `${numberText(settledMinutes)} of ${numberText(elapsedMinutes)} minutes are settled`)}
      ${waitingMinutes > 0 ? entry('Waiting', `${numberText(waitingMinutes)} minutes wait to be settled: amounts change until they are`) : ''}
      ${lostRecords > 0 ? entry('Lost', `the site’s agents lost ${numberText(lostRecords)} ${lostRecords === 1 ? 'record' : 'records'} in this month`) : ''}
      ${putAsideRecords > 0 ? entry('Put aside', `${numberText(putAsideRecords)} ${putAsideRecords === 1 ? 'record' : 'records'} of the site came in this month or ${putAsideRecords === 1 ? 'is of it, and waits' : 'are of it, and wait'} for a decision: the time can’t be right`) : ''}
      ${unpriced.map((u) => entry('Unpriced', `${PRICES[u.name] ?? u.name}: not known for ${numberText(u.minutes)} minutes of the site, which are priced when it is`))}
      ${s.held.map((h) => entry('Open', heldText(h)))}
      ${minutes > 0 && newest !== undefined ? entry('Restated', `${numberText(minutes)} minutes of the site, the last on ${times.minute(newest)}`) : ''}
      ${s.repricings.map((r) =>
        entry(
          r.decision === undefined ? 'Repriced' : DECIDED[r.decision],
          `${times.minute(r.from)} to ${times.minute(r.to)}, by ${r.by} on ${times.minute(r.at)}: ${r.reason}. Change in this statement: ${r.changeUsd === 0 ? 'none' : `${priceText(r.changeUsd)} USD`}.`,
        ),
      )}
    </dl>
    <p class="fine">
      Amounts are rounded so that they add up to the total, and the total is the ledger’s sum to the cent. Times are in
      ${s.timeZone}. Two prints with the same number and revision show the same amounts.
    </p>
  </section>`
}
