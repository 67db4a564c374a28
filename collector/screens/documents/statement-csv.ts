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
  'unpriced',
  'corrects',
  'why',
  'oldUsd',
  'newUsd',
  'wouldEarnUsd',
  'energyKwh',
] as const
const OWN_HEAD = ['energyCostUsd', 'demandUsd', 'netUsd', 'depreciationUsd'] as const

/** What makes a statement provisional, with the unit of its count. */
const OPEN = [
  ['waitingMinutes', 'min not settled'],
  ['putAsideRecords', 'record put aside'],
  ['doubtfulRecords', 'record doubtful'],
] as const

const cents = (usd: number): string => usd.toFixed(2)

/**
 * A statement as CSV: its lines; in the operator’s own copy a line of `costs` for each workload; what is `held`, with what it
 * would earn but without an amount; what agents `lost`, whose worth is unknown; how many minutes are
 * not settled yet, and how many records wait for a decision, which makes the total `provisional`; then the `total`. The amounts of the
 * lines add up to the total’s amount. Corrections of earlier statements follow, with what is `due`: the total and the lines `correction`, which change it; the corrections of costs don’t.
 */
export function statementCsv(s: Statement): string {
  const { own, corrections } = s
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
        l.unpriced,
        ...blank(6),
        ...(own ? blank(OWN_HEAD.length) : []),
      ]),
    ),
    ...(own?.workloads.map((w) =>
      csvLine([...first, w.workload, '', 'costs', s.from, s.to, ...blank(17), ...costs(w)]),
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
        ...blank(13),
        cents(h.wouldEarnUsd),
        h.energyKwh,
        ...(own ? blank(OWN_HEAD.length) : []),
      ]),
    ),
    ...(s.completeness.lostRecords === 0
      ? []
      : [
          csvLine([
            ...first,
            '',
            '',
            'lost',
            s.from,
            s.toDate ? s.through : s.to,
            s.completeness.lostRecords,
            'record',
            ...blank(8),
            'lost before the collector had them: what they would have earned is unknown',
            ...blank(own ? 6 + OWN_HEAD.length : 6),
          ]),
        ]),
    ...OPEN.filter(([name]) => (s.completeness[name] ?? 0) > 0).map(([name, unit]) =>
      csvLine([
        ...first,
        '',
        '',
        'provisional',
        s.from,
        s.toDate ? s.through : s.to,
        s.completeness[name],
        unit,
        ...blank(own ? 15 + OWN_HEAD.length : 15),
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
      ...blank(12),
      ...(own ? costs(own.totals) : []),
    ]),
    ...corrections.map((c) =>
      csvLine([
        ...first,
        c.workload,
        '',
        c.item === 'amount' ? 'correction' : `correction-${c.item}`,
        c.from,
        c.to,
        c.minutes,
        'min',
        ...blank(2),
        cents(c.changeUsd),
        ...blank(6),
        c.statement,
        c.why,
        cents(c.oldUsd),
        cents(c.newUsd),
        ...blank(2),
        ...(own ? blank(OWN_HEAD.length) : []),
      ]),
    ),
    ...(corrections.length > 0
      ? [
          csvLine([
            ...first,
            '',
            '',
            'due',
            ...blank(6),
            cents(s.dueUsd),
            ...blank(12 + (own ? OWN_HEAD.length : 0)),
          ]),
        ]
      : []),
  ].join('')
}
