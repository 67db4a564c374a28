import { html } from 'hono/html'
import type { Statement, StatementLine } from '../../views/statement.ts'
import { entry, type Markup } from './markup.ts'
import {
  amountText,
  kwhText,
  kwText,
  numberText,
  percentText,
  priceText,
  type Times,
} from './statement-text.ts'

const ITEMS: Record<StatementLine['item'], string> = {
  mined: 'Mining',
  'pool-true-up': 'True-up of estimated work to the pool’s credit',
  'gpu-hours': 'GPU-hours held',
  'tokens-in': 'Input tokens',
  'tokens-in-cached': 'Cached input tokens',
  'tokens-out': 'Output tokens',
  standing: 'Monthly fee',
  'energy-passed-on': 'Energy used, at cost',
  'over-contract': 'Energy drawn above the contract',
  'sla-credit': 'Credit for measured outages',
  difference: 'Difference from the contract: a late record waits to be settled',
}
const STANDING: Record<string, string> = { reserved: 'Reserved GPUs', colocation: 'Contracted power' }

/** The lines and their total. */
export function linesTable(s: Statement, times: Times): Markup {
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
    ...(l.estimatedUsd === undefined
      ? []
      : [
          `Of it estimated: ${amountText(l.estimatedUsd)} USD, ${numberText(l.estimatedWorkDiff1 ?? 0)} difficulty-1 shares`,
        ]),
    ...(whole ? [] : [`${times.minute(l.from)} to ${times.minute(l.to)}`]),
    ...(l.estimated === undefined ? [] : [`Estimated. ${l.estimated}`]),
    ...(l.unpriced === undefined ? [] : [`Unpriced. ${l.unpriced}`]),
  ]
}

/** Energy, peaks and coverage by workload; nothing where none is listed. */
export function useTable({ use }: Statement): Markup | '' {
  if (use.length === 0) return ''
  return html`<table>
    <caption>Energy and coverage</caption>
    <thead>
      <tr><th>Workload</th><th class="n">Energy, kWh</th><th class="n">Peak, kW</th><th class="n">Contracted, kW</th><th class="n">Observed</th><th>Power basis</th></tr>
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

/** The operator’s costs and margin, which a customer’s copy leaves out, and the site’s demand charge. */
export function ownTables({ workloads, totals, demand }: NonNullable<Statement['own']>): Markup {
  const cells = (w: typeof totals) =>
    [w.revenueUsd, w.energyCostUsd, w.demandUsd, w.netUsd, w.depreciationUsd].map(
      (usd) => html`<td class="n">${amountText(usd)}</td>`,
    )
  return html`<table>
      <caption>Costs and margin, USD: for the operator only</caption>
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
              ${entry('Measured peak', `${kwText(demand.measuredKw)} kW, highest 15 minutes`)}
              ${entry('In the ledger', `${amountText(demand.bookedUsd)} USD`)}
              ${entry('True-up', `${amountText(demand.trueUpUsd)} USD`)}
            </dl>
          </section>`
        : ''
    }`
}
