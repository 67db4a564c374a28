import { html } from 'hono/html'
import type { Statement, StatementLine } from '../views/statement.ts'
import {
  amountText,
  kwhText,
  kwText,
  numberText,
  percentText,
  priceText,
  rangeText,
  Times,
} from './statement-text.ts'

/** Text that `html` has escaped, whatever a customer or a workload is called. */
type Markup = ReturnType<typeof html>

/** A statement as a page for paper and screens: no scripts, one style sheet of our own. */
export function statementPage(s: Statement): Markup {
  const times = new Times(s.timeZone)
  const whom = s.customer ?? s.siteName
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light" />
        <title>${s.number} · ${whom}</title>
        <link rel="icon" href="/assets/icon.svg" />
        <link rel="stylesheet" href="/assets/statement.css" />
      </head>
      <body>
        <header>
          <div>
            <p class="site">${s.siteName}</p>
            <h1>Statement for ${times.month(s.from)}</h1>
            <p class="whom">${s.customer === undefined ? 'The site’s own: workloads without a customer' : whom}</p>
            ${s.toDate ? html`<p class="to-date">To date: the month is not over. Figures to ${times.minute(s.through)}.</p>` : ''}
          </div>
          <dl>
            ${entry('Number', s.number)} ${entry('Revision', s.revision)}
            ${entry('Copy', s.copy === 'own' ? 'operator’s own' : 'customer’s')}
            ${entry('Period', `${times.minute(s.from)} to ${times.minute(s.to)}, ${s.timeZone}`)}
            ${entry('Made', times.minute(s.generatedAt))}
          </dl>
        </header>
        <main>${linesTable(s, times)} ${useTable(s)} ${s.own ? ownTables(s.own) : ''} ${notes(s, times)}</main>
      </body>
    </html>`
}

const entry = (name: string, value: string): Markup => html`<div><dt>${name}</dt> <dd>${value}</dd></div>`

const ITEMS: Record<StatementLine['item'], string> = {
  mined: 'Mining',
  'gpu-hours': 'GPU-hours held',
  'tokens-in': 'Input tokens',
  'tokens-in-cached': 'Input tokens from a cache',
  'tokens-out': 'Output tokens',
  standing: 'Monthly fee',
  'energy-passed-on': 'Energy used, passed on at its cost',
  'over-contract': 'Energy drawn above the contract',
  'sla-credit': 'Credit for measured outages',
  difference: 'Beyond its contract: a late record waits to be settled',
}
const STANDING: Record<string, string> = { reserved: 'Reserved GPUs', colocation: 'Contracted power' }

function linesTable(s: Statement, times: Times): Markup {
  const of = (l: StatementLine) =>
    l.item === 'standing' ? (STANDING[l.kind] ?? ITEMS.standing) : ITEMS[l.item]
  return html`<table class="lines">
    <caption>Amounts, USD</caption>
    <thead>
      <tr><th>Workload</th><th>For</th><th class="n">Quantity</th><th class="n">Unit price</th><th class="n">Amount</th></tr>
    </thead>
    <tbody>
      ${s.lines.map(
        (l) => html`<tr>
          <th scope="row">${l.workload}</th>
          <td>${of(l)}${lineNotes(l, s, times).map((note) => html`<small>${note}</small>`)}</td>
          <td class="n">${l.quantity === undefined ? '' : `${numberText(l.quantity)} ${l.unit ?? ''}`}</td>
          <td class="n">${unitPrice(l)}</td>
          <td class="n">${amountText(l.amountUsd)}</td>
        </tr>`,
      )}
      ${s.lines.length === 0 ? html`<tr><td colspan="5">Nothing was earned.</td></tr>` : ''}
    </tbody>
    <tfoot>
      <tr><th scope="row" colspan="4">Total</th><td class="n">${amountText(s.totalUsd)}</td></tr>
    </tfoot>
  </table>`
}

const unitPrice = ({ unitPriceUsd, priceBasis }: StatementLine): Markup | '' =>
  unitPriceUsd === undefined
    ? ''
    : html`${priceText(unitPriceUsd)}${priceBasis === 'average' ? html`<small>average</small>` : ''}`

function lineNotes(l: StatementLine, s: Statement, times: Times): string[] {
  const whole = l.from === s.from && l.to === (s.toDate ? s.through : s.to)
  return [
    ...(l.workDiff1 !== undefined && l.workDiff1 > 0
      ? [`${numberText(l.workDiff1)} difficulty-1 shares, ${numberText(l.minedSat ?? 0)} sat`]
      : []),
    ...(whole ? [] : [`${times.minute(l.from)} to ${times.minute(l.to)}`]),
    ...(l.estimated === undefined ? [] : [`Estimated. ${l.estimated}`]),
  ]
}

function useTable({ use }: Statement): Markup | '' {
  if (use.length === 0) return ''
  return html`<table>
    <caption>Energy and coverage</caption>
    <thead>
      <tr><th>Workload</th><th class="n">Energy, kWh</th><th class="n">Peak, kW</th><th class="n">Contracted, kW</th><th class="n">Observed</th><th>Power is</th></tr>
    </thead>
    <tbody>
      ${use.map(
        (u) => html`<tr>
          <th scope="row">${u.workload}</th>
          <td class="n">${kwhText(u.energyKwh)}</td>
          <td class="n">${kwText(u.peakKw)}</td>
          <td class="n">${u.contractedKw === undefined ? '' : kwText(u.contractedKw)}</td>
          <td class="n">${percentText(u.observedRatio)}</td>
          <td>${basisText(u)}</td>
        </tr>`,
      )}
    </tbody>
  </table>`
}

const basisText = ({ powerBasis = [] }: Statement['use'][number]): string =>
  powerBasis.map(({ basis, ratio }) => (ratio === 1 ? basis : `${basis} ${percentText(ratio)}`)).join(', ')

function ownTables({ workloads, totals, demand }: NonNullable<Statement['own']>): Markup {
  const cells = (w: typeof totals) =>
    [w.revenueUsd, w.energyCostUsd, w.demandUsd, w.netUsd, w.depreciationUsd].map(
      (usd) => html`<td class="n">${amountText(usd)}</td>`,
    )
  return html`<table>
      <caption>Costs and margin, USD: the operator’s own</caption>
      <thead>
        <tr>
          <th>Workload</th><th class="n">Revenue</th><th class="n">Energy</th><th class="n">Demand</th>
          <th class="n">Net</th><th class="n">Depreciation</th>
        </tr>
      </thead>
      <tbody>
        ${workloads.map((w) => html`<tr><th scope="row">${w.workload}</th>${cells(w)}</tr>`)}
      </tbody>
      <tfoot><tr><th scope="row">Total</th>${cells(totals)}</tr></tfoot>
    </table>
    ${
      demand
        ? html`<section>
            <h2>Demand of the whole site</h2>
            <dl>
              ${entry('Billed', `${kwText(demand.billedKw)} kW at ${priceText(demand.usdPerKwMonth)} USD`)}
              ${entry('Measured peak', `${kwText(demand.measuredKw)} kW, highest quarter of an hour`)}
              ${entry('In the ledger', `${amountText(demand.bookedUsd)} USD`)}
              ${entry('True-up', `${amountText(demand.trueUpUsd)} USD`)}
            </dl>
          </section>`
        : ''
    }`
}

const PRICES: Record<string, string> = {
  btcUsd: 'Bitcoin price',
  difficulty: 'Difficulty',
  blockHeight: 'Block height',
  feesBtcPerBlock: 'Fees of a block',
  energyUsdPerKwh: 'Energy price',
}

function notes(s: Statement, times: Times): Markup {
  const { elapsedMinutes, settledMinutes, waitingMinutes, lostRecords } = s.completeness
  const { minutes, newest } = s.restatements
  return html`<section>
    <h2>How it came about</h2>
    <dl>
      ${s.fees.map((f) => entry(`Fees of ${f.workload}`, `${amountText(f.feesUsd)} USD kept by pools and firmwares, not in the amounts`))}
      ${s.prices.map((p) => entry(PRICES[p.name] ?? p.name, `${rangeText(p.min, p.max)} ${p.unit} (${p.sources.join(', ')})`))}
      ${entry('Ledger', `${numberText(settledMinutes)} of ${numberText(elapsedMinutes)} minutes are settled`)}
      ${waitingMinutes > 0 ? entry('Waiting', `${numberText(waitingMinutes)} minutes have records that wait to be settled: amounts may change`) : ''}
      ${lostRecords > 0 ? entry('Lost', `agents of the site lost ${numberText(lostRecords)} records in this month`) : ''}
      ${minutes > 0 && newest !== undefined ? entry('Restated', `${numberText(minutes)} minutes of the site, the last on ${times.minute(newest)}`) : ''}
      ${s.repricings.map((r) =>
        entry(
          'Priced anew',
          `${times.minute(r.from)} to ${times.minute(r.to)}, by ${r.by} on ${times.minute(r.at)}: ${r.reason}. It changed ${r.changeUsd === 0 ? 'nothing' : `${priceText(r.changeUsd)} USD`} here.`,
        ),
      )}
    </dl>
    <p class="fine">
      Amounts are rounded so that they add up to the total, and the total is the ledger’s sum to the cent. Times are those of
      ${s.timeZone}. Prints of one number that show the same revision say the same.
    </p>
  </section>`
}
