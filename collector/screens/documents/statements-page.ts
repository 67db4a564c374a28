import { html } from 'hono/html'
import { whyProvisional } from '../../views/provisional.ts'
import type { IssueView, StatementList } from '../../views/statement.ts'
import type { Markup } from './markup.ts'
import { amountText, kwhText, Times } from './statement-text.ts'

type Entry = StatementList['statements'][number]

/**
 * The statements of a month with links to each, a form that issues one, and all that were issued. A page without scripts.
 * @param refusal why the form was refused
 */
export function statementsPage({
  list,
  issues,
  timeZone,
  mayIssue,
  refusal,
}: {
  list: StatementList
  issues: readonly IssueView[]
  timeZone: string
  /** the page is behind a token */
  mayIssue: boolean
  refusal?: string | undefined
}): Markup {
  const times = new Times(timeZone)
  const form = mayIssue && !list.toDate
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
            <p><a href="/statements?month=${monthBefore(list.month)}">the month before</a></p>
            ${list.toDate ? html`<p class="to-date">To date: the month is not over. Figures up to ${times.minute(list.through)}.</p>` : ''}
            ${list.whyNotOver ? html`<p class="to-date">No statement of it can be issued yet: ${list.whyNotOver}.</p>` : ''}
            ${list.provisional ? html`<p class="to-date">Provisional: ${whyProvisional(list).join('; ')}. Every amount is that of a part.</p>` : ''}
          </div>
        </header>
        <main>
          ${refusal === undefined ? '' : html`<p class="refusal" role="alert">${refusal}</p>`}
          <table class="stacked">
            <caption>Amounts, USD</caption>
            <thead>
              <tr><th>Customer</th><th class="n">Energy, kWh</th><th class="n">Ledger now</th><th class="n">Corrections</th><th class="n">Issued</th><th>By</th><th>Read</th></tr>
            </thead>
            <tbody>${list.statements.map((s) => row(s, { list, times, form }))}</tbody>
          </table>
          ${issuedTable(issues, times)}
          <p class="fine">
            ${howToIssue(list, mayIssue)} It stays as it was issued: what changes later is corrected on the customer’s next statement. Corrections
            are those of earlier statements, which this one is issued with.
          </p>
        </main>
      </body>
    </html>`
}

const howToIssue = ({ month, toDate }: StatementList, mayIssue: boolean): string =>
  toDate
    ? 'A statement is issued when its month is over.'
    : mayIssue
      ? `A statement is issued above, or with perwatt-collector statement issue --month ${month} --by NAME [--customer NAME].`
      : 'A statement is issued with perwatt-collector statement issue, once the collector has http.token.'

function row(s: Entry, { list, times, form }: { list: StatementList; times: Times; form: boolean }): Markup {
  const { customer, issued, corrections } = s
  const query = `month=${list.month}${customer === undefined ? '' : `&customer=${encodeURIComponent(customer)}`}`
  return html`<tr>
    <th scope="row">${customer ?? 'The site itself'}</th>
    <td class="n" data-label="Energy, kWh">${kwhText(s.energyKwh)}</td>
    <td class="n" data-label="Ledger now">${amountText(s.totalUsd)}</td>
    <td class="n" data-label="Corrections">${corrections ? amountText(corrections.changeUsd) : ''}</td>
    <td class="n" data-label="Issued">${issued ? amountText(issued.totalUsd) : ''}</td>
    <td>${issued ? `${issued.by}, ${times.minute(issued.at)}` : form ? issueForm(s, list.month) : 'not issued'}</td>
    <td><a href="/statement?${query}">page</a> <a href="/api/v1/statement?${query}&format=csv">CSV</a>${issued ? html` <a href="/statement?${query}&draft=true">as it is now</a>` : ''}</td>
  </tr>`
}

/** Two steps, because an issued statement stays: the form opens first. */
const issueForm = ({ customer, totalUsd }: Entry, month: string): Markup => html`<details>
  <summary>not issued: issue it</summary>
  <form method="post" action="/statements/issue">
    <input type="hidden" name="month" value="${month}" />
    <input type="hidden" name="customer" value="${customer ?? ''}" />
    <label>Your name <input name="by" required maxlength="200" autocomplete="name" /></label>
    <label><input type="checkbox" name="incomplete" value="true" /> although minutes are unpriced or records undecided</label>
    <button>Issue ${amountText(totalUsd)} USD for good</button>
  </form>
</details>`

function issuedTable(issues: readonly IssueView[], times: Times): Markup | '' {
  if (issues.length === 0) return ''
  return html`<table class="stacked">
    <caption>All issued statements, USD</caption>
    <thead>
      <tr><th>Number</th><th>Customer</th><th class="n">Total</th><th class="n">Due</th><th>Issued</th></tr>
    </thead>
    <tbody>
      ${issues.toReversed().map(
        (i) => html`<tr>
          <th scope="row">${i.number}</th>
          <td data-label="Customer">${i.customer ?? 'The site itself'}</td>
          <td class="n" data-label="Total">${amountText(i.totalUsd)}</td>
          <td class="n" data-label="Due">${amountText(i.dueUsd)}</td>
          <td data-label="Issued">${times.minute(i.at)} by ${i.by}</td>
        </tr>`,
      )}
    </tbody>
  </table>`
}

/** @param month such as `2026-01` */
function monthBefore(month: string): string {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return new Date(Date.UTC(year, number - 2, 1)).toISOString().slice(0, 7)
}
