import { table } from '../../protocol/kit/table.ts'
import { summedText } from '../economics/choices/terms.ts'
import type {
  ConversionView,
  RatesView,
  SensitivityView,
  WhatIf,
} from '../economics/choices/whatif-answer.ts'

const fixed = (value: number | undefined, digits: number): string =>
  value === undefined ? '-' : value.toFixed(digits)
/** Five significant digits, without an exponent where JavaScript writes none. */
const short = (value: number | undefined): string =>
  value === undefined ? '-' : String(Number(value.toPrecision(5)))
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const percent = (ratio: number | undefined): string =>
  ratio === undefined ? '-' : `${(ratio * 100).toFixed(1)} %`

/** A scenario's answer as text for a terminal. */
export const whatIfText = (w: WhatIf): string =>
  [
    `if ${scenarioText(w.scenario)}`,
    ...(w.missing.length > 0
      ? [
          `unknown: ${w.missing.join(', ')}; revenue that depends on them is as observed, and energy without a price is free`,
        ]
      : []),
    '',
    table(
      ['workload', 'kW', 'then', 'USD/MWh', 'then', 'net USD/h', 'then', 'break-even USD/kWh', 'then'],
      [...w.workloads.map((row) => [row.workload, ...bothOf(row)]), ['site', ...bothOf(w.site)]],
    ),
    '',
    ...networkLines(w),
    ...(w.conversion ? [...conversionLines(w.conversion), ''] : []),
    sensitivityTable(w.sensitivities, w.conversion !== undefined),
  ].join('\n')

function scenarioText({ conversion, ...scenario }: WhatIf['scenario']): string {
  const given = Object.entries(scenario).map(([name, value]) =>
    name === 'halving'
      ? 'the halving were over'
      : `${name} = ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  )
  const build = conversion
    ? [`${conversion.powerMw} MW${conversion.from ? ` of ${conversion.from}` : ''} were rebuilt`]
    : []
  return [...given, ...build].join(', ') || 'nothing changed'
}

const bothOf = ({ before, after }: { before: RatesView; after: RatesView }): string[] => [
  fixed(before.powerW / 1000, 1),
  fixed(after.powerW / 1000, 1),
  fixed(before.revenueUsdPerMwh, 2),
  fixed(after.revenueUsdPerMwh, 2),
  fixed(before.netUsdPerH, 2),
  fixed(after.netUsdPerH, 2),
  fixed(before.breakEvenUsdPerKwh, 4),
  fixed(after.breakEvenUsdPerKwh, 4),
]

function networkLines({ network, prices }: WhatIf): string[] {
  if (!network) return []
  const { retargets, halving } = network
  const hashprice = [prices.before, prices.after].map((p) => fixed(p.hashpriceUsdPerPhDay, 2))
  return [
    `hashprice ${hashprice[0]} USD/PH/day, then ${hashprice[1]}; network ${short(network.hashrateHs / 1e18)} EH/s`,
    ...retargets.map(
      (r) =>
        `retarget at block ${r.height}, about ${day(r.atMs)}: difficulty ${short(r.difficulty / 1e12)} T`,
    ),
    `halving at block ${halving.height}, about ${day(halving.atMs)}: subsidy ${halving.subsidyBtc} BTC`,
    '',
  ]
}

function conversionLines(c: ConversionView): string[] {
  const payback =
    c.paybackMonths === undefined
      ? 'never'
      : `${fixed(c.paybackMonths, 1)} months after it opens, ${fixed(c.paybackMonthsFromStart, 1)} after building begins`
  const gain = summedText([c.netUsdPerH, -c.givenUpUsdPerH], 2)
  const [net, givenUp] = gain.terms
  const investment = summedText([c.capexUsd, c.buildLossUsd], 0)
  const [capital, buildLoss] = investment.terms
  return [
    `conversion of ${short(c.powerW / 1e6)} MW${c.from ? ` of ${c.from}` : ''}${c.gpus === undefined ? '' : ` to ${c.gpus} GPUs`}, open about ${day(c.opensAtMs)}`,
    `  revenue ${fixed(c.revenueUsdPerH, 2)} USD/h (${fixed(c.revenueUsdPerMwh, 2)} USD/MWh), net ${net}, replaces ${fixed(-Number(givenUp) || 0, 2)}, gains ${gain.sum} USD/h`,
    `  investment ${investment.sum} USD: capital ${capital}, income lost while it is built ${buildLoss}`,
    `  payback ${payback}`,
    `  break-even occupancy ${percent(c.breakEvenOccupancy)}, with capital cost ${percent(c.breakEvenOccupancyWithCapital)}`,
    ...(c.npvUsd === undefined ? [] : [`  net present value ${fixed(c.npvUsd, 0)} USD`]),
  ]
}

function sensitivityTable(list: readonly SensitivityView[], withPayback: boolean): string {
  const head = ['input', 'is', '+1 % moves USD/h', '-10 %: net USD/h', '+10 %']
  return table(
    withPayback ? [...head, '-10 %: payback months', '+10 %'] : head,
    list.map((s) => [
      s.input,
      short(s.value),
      fixed(s.netUsdPerHPerPercent, 4),
      fixed(s.netAtLowUsdPerH, 2),
      fixed(s.netAtHighUsdPerH, 2),
      ...(withPayback ? [fixed(s.paybackMonthsAtLow, 1), fixed(s.paybackMonthsAtHigh, 1)] : []),
    ]),
  )
}
