import { table } from '../../protocol/kit/table.ts'
import { plain, printLine } from '../../protocol/kit/terminal.ts'
import type { UnpricedView } from '../books/audit-views.ts'
import { ApiClient, type ApiOptions } from './api-client.ts'

export interface UnpricedOptions extends ApiOptions {
  json?: boolean
}

const DIGITS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 })

/** Prints the times for which no price was known, what they leave unpriced, and how to price it. */
export async function unpriced(options: UnpricedOptions): Promise<void> {
  const times = await new ApiClient(options).ask<UnpricedView[]>('/api/v1/unpriced', {})
  printLine(options.json ? JSON.stringify(times, null, 2) : unpricedText(times))
}

function unpricedText(times: readonly UnpricedView[]): string {
  if (times.length === 0) return 'nothing is unpriced: every settled minute had the prices of its time'
  const rows = times.map(({ name, from, to, minutes, workloads }) => [
    name,
    from,
    to,
    String(minutes),
    workloads.map(amountText).join(', '),
  ])
  const [first] = times
  return [
    table(
      ['no price of', 'from', 'to', 'minutes', 'unpriced'],
      rows.map((row) => row.map(plain)),
    ),
    'Nothing is lost: these minutes are priced by themselves when a price of their time comes, from a list or a push such as',
    `  ${plain(first?.cure ?? '')}`,
  ].join('\n')
}

function amountText({ workload, workDiff1, energyJ }: UnpricedView['workloads'][number]): string {
  const amount =
    energyJ === undefined
      ? `${DIGITS.format(workDiff1 ?? 0)} shares`
      : `${DIGITS.format(energyJ / 3.6e6)} kWh`
  return `${workload} ${amount}`
}
