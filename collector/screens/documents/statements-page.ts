import { html } from 'hono/html'
import type { IssueView, StatementList } from '../../views/statement.ts'
import type { Markup } from './markup.ts'
import { amountText, kwhText, Times } from './statement-text.ts'

type Entry = StatementList['statements'][number]

/** The statements of a month with links to each, and all that were issued. A page without scripts. */
export function statementsPage(list: StatementList, issues: readonly IssueView[], timeZone: string): Markup {
  const times = new Times(timeZone)
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light" />
        <title>Statements of ${times.month(list.from)}</title>
        <link rel="icon" href="/assets/icon.svg" />
        <link rel="stylesheet" href="/assets/statement.css" />
      </head>
      <body>
        <header>
          <div>
            <h1>Statements of ${times.month(list.from)}</h1>
            ${list.toDate ? html`<p class="to-date">To date: the month is not over. Figures up to ${times.minute(list.through)}.</p>` : ''}
          </div>
        </header>
        <main>
          <table>
            <caption>Amounts, USD</caption>
            <thead>
              <tr><th>Customer</th><th class="n">Energy, kWh</th><th class="n">Ledger now</th><th class="n">Issued</th><th>By</th><th>Read</th></tr>
            </thead>
            <tbody>${list.statements.map((s) => row(s, list.month, times))}</tbody>
          </table>
          ${issuedTable(issues, times)}
          <p class="fine">
            A statement is issued with perwatt-collector statement issue. It stays as it was issued: what changes later is corrected on the
            customer’s next statement.
          </p>
        </main>
      </body>
    </html>`
}

function row(s: Entry, month: string, times: Times): Markup {
  const query = `month=${month}${s.customer === undefined ? '' : `&customer=${encodeURIComponent(s.customer)}`}`
  return html`<tr>
    <th scope="row">${s.customer ?? 'The site itself'}</th>
    <td class="n">${kwhText(s.energyKwh)}</td>
    <td class="n">${amountText(s.totalUsd)}</td>
    <td class="n">${s.issued ? amountText(s.issued.totalUsd) : ''}</td>
    <td>${s.issued ? `${s.issued.by}, ${times.minute(s.issued.at)}` : 'not issued'}</td>
    <td><a href="/statement?${query}">page</a> <a href="/api/v1/statement?${query}&format=csv">CSV</a></td>
  </tr>`
}

function issuedTable(issues: readonly IssueView[], times: Times): Markup | '' {
  if (issues.length === 0) return ''
  return html`<table>
    <caption>All issued statements, USD</caption>
    <thead>
      <tr><th>Number</th><th>Customer</th><th class="n">Total</th><th class="n">Due</th><th>Issued</th></tr>
    </thead>
    <tbody>
      ${issues.toReversed().map(
        (i) => html`<tr>
          <th scope="row">${i.number}</th>
          <td>${i.customer ?? 'The site itself'}</td>
          <td class="n">${amountText(i.totalUsd)}</td>
          <td class="n">${amountText(i.dueUsd)}</td>
          <td>${times.minute(i.at)} by ${i.by}</td>
        </tr>`,
      )}
    </tbody>
  </table>`
}
