import { html } from 'hono/html'
import type { Correction, Statement } from '../../views/statement.ts'
import type { Markup } from './markup.ts'
import { amountText, numberText, type Times } from './statement-text.ts'

const ITEMS: Record<Correction['item'], string> = {
  amount: 'Amount',
  'energy-cost': 'Energy cost',
  demand: 'Demand charge',
}

/** What has changed in statements that were issued before, and what is due with it; nothing where nothing has. */
export function correctionsTable(s: Statement, times: Times): Markup | '' {
  if (s.corrections.length === 0) return ''
  return html`<table class="lines">
    <caption>Corrections of earlier statements, USD</caption>
    <thead>
      <tr><th>Statement</th><th>Of</th><th class="n">Old</th><th class="n">New</th><th class="n">Change</th></tr>
    </thead>
    <tbody>
      ${s.corrections.map(
        (c) => html`<tr>
          <th scope="row">${c.statement}</th>
          <td>${c.workload}: ${ITEMS[c.item]}<small>${times.minute(c.from)} to ${times.minute(c.to)}, ${numberText(c.minutes)} min</small><small>${c.why}</small></td>
          <td class="n">${amountText(c.oldUsd)}</td>
          <td class="n">${amountText(c.newUsd)}</td>
          <td class="n">${amountText(c.changeUsd)}</td>
        </tr>`,
      )}
    </tbody>
    <tfoot>
      <tr><th scope="row" colspan="4">Due: the total and the corrected amounts</th><td class="n">${amountText(s.dueUsd)}</td></tr>
    </tfoot>
  </table>`
}
