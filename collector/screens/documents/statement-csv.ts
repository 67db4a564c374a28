import type { Statement } from '../../views/statement.ts'
import { csvLine } from './csv-line.ts'

const HEAD = [
  'statement',
  'revision',
  'month',
  'customer',
  'workload',
  'kind',
  'item',
  'from',
  'to',
  'quantity',
  'unit',
  'unitPriceUsd',
  'priceBasis',
  'amountUsd',
  'workDiff1',
  'minedSat',
  'estimated',
  'estimatedWorkDiff1',
  'estimatedUsd',
] as const
const OWN_HEAD = ['energyCostUsd', 'demandUsd', 'netUsd', 'depreciationUsd'] as const

const cents = (usd: number): string => usd.toFixed(2)

/**
 * A statement as CSV: its lines; in the operator’s own copy a line of `costs` for each workload; what is `held`,
 * without an amount; then the `total`.
 * The amounts of the lines add up to the total’s amount.
 */
export function statementCsv(s: Statement): string {
  const { own } = s
  const first = [s.number, s.revision, s.month, s.customer ?? '']
  const costs = (c: NonNullable<Statement['own']>['totals']) => [
    cents(c.energyCostUsd),
    cents(c.demandUsd),
    cents(c.netUsd),
    cents(c.depreciationUsd),
  ]
  const blank = (n: number) => Array<undefined>(n).fill(undefined)
  return [
    csvLine([...HEAD, ...(own ? OWN_HEAD : [])]),
    ...s.lines.map((l) =>
      csvLine([
        ...first,
        l.workload,
        l.kind,
        l.item,
        l.from,
        l.to,
        l.quantity,
        l.unit,
        l.unitPriceUsd,
        l.priceBasis,
        cents(l.amountUsd),
        l.workDiff1,
        l.minedSat,
        l.estimated,
        l.estimatedWorkDiff1,
        l.estimatedUsd === undefined ? undefined : cents(l.estimatedUsd),
        ...(own ? blank(OWN_HEAD.length) : []),
      ]),
    ),
    ...(own?.workloads.map((w) =>
      csvLine([...first, w.workload, '', 'costs', s.from, s.to, ...blank(10), ...costs(w)]),
    ) ?? []),
    ...s.held.map((h) =>
      csvLine([
        ...first,
        h.workload,
        h.kind,
        'held',
        s.from,
        s.toDate ? s.through : s.to,
        h.records,
        'record',
        ...blank(own ? 8 + OWN_HEAD.length : 8),
      ]),
    ),
    csvLine([
      ...first,
      '',
      '',
      'total',
      s.from,
      s.toDate ? s.through : s.to,
      ...blank(4),
      cents(s.totalUsd),
      ...blank(5),
      ...(own ? costs(own.totals) : []),
    ]),
  ].join('')
}
