import type {
  ConversionView,
  RatesView,
  SensitivityView,
  WhatIf,
} from '../../../../economics/choices/whatif-answer.ts'
import { count, fixed, percent, power, UNKNOWN } from '../../parts/format.ts'
import { useMoney } from '../../parts/money.ts'
import { Table } from '../parts/table.tsx'
import { inputOf } from './fields.ts'

interface Row {
  name: string
  before: RatesView
  after: RatesView
}
const number = true

/** Every workload and the site, now and in the scenario. */
export function WhatIfTable({ of: { workloads, site } }: { of: WhatIf }) {
  const money = useMoney()
  const rows: Row[] = [...workloads.map((w) => ({ name: w.workload, ...w })), { name: 'site', ...site }]
  const change = ({ before, after }: Row) =>
    money.sum([before.netUsdPerH, after.netUsdPerH - before.netUsdPerH])
  const watts = ({ powerW }: RatesView) => `${power(powerW).digits} ${power(powerW).unit}`
  const perMwh = ({ revenueUsdPerMwh }: RatesView) =>
    money.perMwh(revenueUsdPerMwh === undefined ? undefined : revenueUsdPerMwh / 1000)
  return (
    <Table
      label="Before and after"
      rows={rows}
      keyOf={(r) => r.name}
      classOf={(r) => (r.name === 'site' ? 'total' : r.after.netUsdPerH < r.before.netUsdPerH ? 'worse' : '')}
      columns={[
        { name: 'Workload', cell: (r) => r.name },
        { name: 'Power', number, cell: (r) => watts(r.before) },
        { name: 'Power then', number, cell: (r) => watts(r.after) },
        { name: `${money.code}/MWh`, number, apart: true, cell: (r) => perMwh(r.before) },
        { name: `${money.code}/MWh then`, number, cell: (r) => perMwh(r.after) },
        { name: 'Net/h', number, apart: true, cell: (r) => change(r).terms[0] },
        { name: 'Net/h then', number, cell: (r) => change(r).total },
        {
          name: 'Change/h',
          number,
          cell: (r) => (
            <>
              {r.after.netUsdPerH > r.before.netUsdPerH && '+'}
              {change(r).terms[1]}
            </>
          ),
        },
        {
          name: `Break-even energy, ${money.code}/MWh`,
          number,
          cell: (r) => money.perMwh(r.after.breakEvenUsdPerKwh),
        },
      ]}
    />
  )
}

/** What a conversion costs and earns, and how its payback depends on its inputs. */
export function ConversionResult({ of: c, all }: { of: ConversionView; all: readonly SensitivityView[] }) {
  const money = useMoney()
  const months = (value: number | undefined) => (value === undefined ? 'never' : `${fixed(value, 1)} months`)
  const net = money.sum([c.givenUpUsdPerH, c.gainUsdPerH])
  const [former = '', gain = ''] = net.terms
  const facts: [string, string][] = [
    ['Payback from its opening', months(c.paybackMonths)],
    ['Payback from today', months(c.paybackMonthsFromStart)],
    ['Investment', money.text(c.investmentUsd)],
    ['of which lost during the build', money.text(c.buildLossUsd)],
    ['GPUs', c.gpus === undefined ? UNKNOWN : count(c.gpus)],
    [`Earns ${money.code}/MWh`, money.perMwh(c.revenueUsdPerMwh / 1000)],
    ['Net/h', net.total],
    ['former net/h', former],
    ['gain/h', gain],
    ['Break-even occupancy', percent(c.breakEvenOccupancy)],
    ['Break-even occupancy with capital', percent(c.breakEvenOccupancyWithCapital)],
    ['Net present value', money.text(c.npvUsd)],
  ]
  return (
    <>
      <h3>
        The conversion, open about <time>{new Date(c.opensAtMs).toISOString().slice(0, 10)}</time>
      </h3>
      <dl class="sums">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="digits">{value}</dd>
          </div>
        ))}
      </dl>
      <Table
        label="How the payback depends on the inputs"
        rows={all.filter((s) => s.input.startsWith('conversion.'))}
        keyOf={(s) => s.input}
        columns={[
          { name: 'Input', cell: (s) => inputOf(s, money).label },
          { name: 'Value', number, cell: (s) => inputOf(s, money).text },
          { name: 'Payback at 10 % less', number, cell: (s) => months(s.paybackMonthsAtLow) },
          { name: 'at 10 % more', number, cell: (s) => months(s.paybackMonthsAtHigh) },
        ]}
      />
    </>
  )
}
