import type { LedgerFigure } from '../../../../views/ledger-figure.ts'
import { energy, fixed, UNKNOWN } from '../../parts/format.ts'
import type { Money } from '../../parts/money.ts'
import type { Column } from '../parts/table.tsx'
import { estimatedMark } from './figure-explained.tsx'

/** The periods, by their names in the API. */
export const TIMES = {
  minute: 'Minute',
  hour: 'Hour',
  day: '24 h',
  monthToDate: 'Month to date',
} as const
export type Time = keyof typeof TIMES
export const TIME_NAMES = Object.keys(TIMES) as Time[]

/** The other columns of a figure of the ledger, beside its revenue per MWh. */
export function figureColumns(money: Money): Column<LedgerFigure | undefined>[] {
  const { code } = money
  const number = true
  const net = ({ revenueUsd, costUsd, demandUsd }: LedgerFigure) =>
    money.sum([revenueUsd, -costUsd, -demandUsd])
  const some = (text: (f: LedgerFigure) => string) => (f: LedgerFigure | undefined) => (f ? text(f) : UNKNOWN)
  const maybe = (value: number | undefined, text: (value: number) => string) =>
    value === undefined ? UNKNOWN : text(value)
  return [
    {
      name: `${code}/W-year`,
      number,
      apart: true,
      cell: some((f) => maybe(f.revenueUsdPerWattYear, (v) => money.text(v))),
    },
    { name: 'sat/kWh', number, cell: some((f) => maybe(f.minedSatPerKwh, (v) => fixed(v, 1))) },
    { name: `Cost ${code}/MWh`, number, cell: some((f) => money.perMwh(f.costUsdPerKwh)) },
    { name: `Net ${code}/MWh`, number, cell: some((f) => money.perMwh(f.netUsdPerKwh)) },
    { name: 'Energy', number, cell: some((f) => Object.values(energy(f.energyJ)).join(' ')) },
    { name: 'Revenue', number, cell: some((f) => `${estimatedMark(f)}${net(f).terms[0]}`) },
    { name: 'Energy cost', number, cell: some((f) => net(f).terms[1] ?? '') },
    { name: 'Demand', number, cell: some((f) => net(f).terms[2] ?? '') },
    { name: 'Net', number, cell: some((f) => net(f).total) },
  ]
}
