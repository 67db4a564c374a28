import { plain, printJson, printLine } from '../../protocol/kit/terminal.ts'
import { ownerKey } from '../../protocol/owner.ts'
import { JOULES_PER_KWH, NANO_USD_PER_USD } from '../../protocol/units.ts'
import type { Formula } from '../economics/settlement/formula.ts'
import type { Explanation } from '../views/explanation.ts'
import { ApiClient, type ApiOptions, isoTime } from './api-client.ts'

export interface ExplainOptions extends ApiOptions {
  workload: string
  minute: string
  json?: boolean
}

/** Prints the sum behind one figure of the ledger, so that anybody can recompute it. */
export async function explain(options: ExplainOptions): Promise<void> {
  const { workload, minute, json } = options
  const found = await new ApiClient(options).ask<Explanation>('/api/v1/explain', {
    workload,
    minute: isoTime(minute),
  })
  if (json) printJson(found, 2)
  else printLine(explanationText(found))
}

function explanationText(e: Explanation): string {
  const kwh = e.sums.energyMilliJ / 1000 / JOULES_PER_KWH
  const usd = (nanoUsd: number) => `${(nanoUsd / NANO_USD_PER_USD).toFixed(9)} USD`
  const state = e.settledAt ? `settled ${e.settledAt}, revision ${e.revision}` : 'not settled yet'
  return [
    `${e.workload} in the minute from ${e.minute}: ${state}`,
    `  revenue ${usd(e.sums.revenueNanoUsd)}, energy ${kwh.toFixed(6)} kWh for ${usd(e.sums.costNanoUsd)}`,
    ...(e.sums.estimatedRevenueNanoUsd === 0
      ? []
      : [
          `  of it estimated: ${usd(e.sums.estimatedRevenueNanoUsd)}, of machines that count no accepted work`,
        ]),
    ...(e.sums.trueUpRevenueNanoUsd === 0
      ? []
      : [`  of it trued up to the pool’s credit: ${usd(e.sums.trueUpRevenueNanoUsd)}`]),
    ...(e.causes ?? []).map(({ at, why }) => `  ${at}: ${why}`),
    e.agrees
      ? '  the ledger has the same figures'
      : '  the ledger has other figures: a late record waits to be settled (run this again in a minute), or records of it are gone',
    '',
    `rules ${e.rules.version}`,
    `  ${e.rules.workload ? JSON.stringify(e.rules.workload) : 'none: no workload’s contract'}`,
    '',
    'prices',
    ...e.quotes.map(
      (q) => `  ${q.name} = ${q.value} ${q.unit} (${q.source}, from ${new Date(q.fromMs).toISOString()})`,
    ),
    '',
    ...(e.contract ? ['contract', ...formulaLines('contractNanoUsd', e.contract), ''] : []),
    ...e.intervals.flatMap((i) => [
      i.deviceId ? `${i.deviceId} of agent ${i.agentId}, ${ownerKey(i.owner) || 'nobody'}` : 'no device',
      ...(i.start
        ? [
            `  ${i.start}, ${i.durationMs} ms, of which ${i.coveredMs} ms were observed${i.recovered ? ', recovered' : ''}`,
          ]
        : []),
      ...(i.extra ? [`  not known to this version, and in no sum: ${JSON.stringify(i.extra)}`] : []),
      ...(i.energy
        ? formulaLines('energyMilliJ', i.energy, i.energyMilliJ)
        : [`  energyMilliJ = ${i.energyMilliJ}${i.powerBasis ? ` (${i.powerBasis})` : ''}`]),
      ...formulaLines('revenueNanoUsd', i.revenue, i.revenueNanoUsd),
      ...formulaLines('costNanoUsd', i.cost, i.costNanoUsd),
      ...(i.demand ? formulaLines('demandNanoUsd', i.demand, i.demandNanoUsd) : []),
    ]),
    ...heldLines(e),
    ...shortLines(e),
    '',
    `sums: energyMilliJ = ${e.sums.energyMilliJ}, revenueNanoUsd = ${e.sums.revenueNanoUsd}, costNanoUsd = ${e.sums.costNanoUsd}, demandNanoUsd = ${e.sums.demandNanoUsd}`,
  ]
    .map(plain)
    .join('\n')
}

/** What the figures leave out, and why. */
const heldLines = ({ heldBack = [] }: Explanation): string[] =>
  heldBack.flatMap((h, i) => [
    ...(i === 0 ? ['', 'held back, in none of these figures'] : []),
    `  ${h.deviceId} of agent ${h.agentId}, ${h.start}: ${h.state === 'open' ? 'waits for a person' : h.state} (${h.kind}, ${h.check})`,
    `    ${h.reason}`,
    `    would earn revenueNanoUsd = ${h.revenueNanoUsd}${h.energyMilliJ === undefined ? '' : `, used energyMilliJ = ${h.energyMilliJ}`}`,
  ])

/** What the pool credited too little around the minute. */
const shortLines = ({ poolShort = [] }: Explanation): string[] =>
  poolShort.flatMap((w, i) => [
    ...(i === 0 ? ['', 'credited less than counted, over 24 h; the figures above are what was counted'] : []),
    `  pool ${w.pool}, worker ${w.worker} (${w.devices.join(', ')}), ${w.from} to ${w.to}: ${Math.round(w.shortWorkDiff1)} difficulty-1 shares${w.shortUsd === undefined ? '' : `, ${w.shortUsd.toFixed(2)} USD`}`,
  ])

function formulaLines(name: string, { formula, inputs, because, parts }: Formula, result?: number): string[] {
  const given = Object.entries(inputs).map(([input, value]) => `${input} = ${value}`)
  return [
    `  ${name} = ${formula}${result === undefined ? '' : ` = ${result}`}${because ? ` (${because})` : ''}`,
    ...(given.length > 0 ? [`    with ${given.join(', ')}`] : []),
    ...(parts
      ? [
          `    ${parts.input} is the sum of`,
          ...parts.of.map((p) => `      ${p.deviceId} of agent ${p.agentId}: ${p.amount}`),
        ]
      : []),
  ]
}
