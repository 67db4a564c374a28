import type { IPoint } from 'influx'
import type { Quote, QuoteName } from '../../../protocol/quote.ts'
import type {
  AuditStore,
  Cause,
  Change,
  Loss,
  Repricing,
  RulesVersion,
  Settlement,
} from '../../plugin/audit-store.ts'
import type { Decision } from '../../plugin/held.ts'
import { CHANGE_SUMS, type ChangeSums, changeColumns, changeOfColumns } from '../../rows/change-columns.ts'
import { firstByKey, lossKey } from '../../rows/rows.ts'
import type { InfluxClient } from './client.ts'
import { literal, within } from './influxql.ts'
import { point, present, type Row, text } from './measurements.ts'

export const influxAudit = (influx: () => InfluxClient): AuditStore => ({
  async losses(limit) {
    const rows = await influx().rows('SELECT * FROM loss')
    // a batch that was sent again after a crash told its loss twice
    return firstByKey(rows.map(lossOf), lossKey)
      .sort((a, b) => b.atMs - a.atMs || (a.agentId < b.agentId ? -1 : 1))
      .slice(0, limit)
  },

  async pruneLosses(keep) {
    const times = new Map<string, number[]>()
    for (const row of await influx().rows('SELECT * FROM loss')) {
      const agentId = text(row['agentId'])
      times.set(agentId, [...(times.get(agentId) ?? []), row.time])
    }
    const full = [...times].filter(([, all]) => all.length > keep)
    await influx().remove(
      full.map(([agentId, all]) => {
        const oldest = all.sort((a, b) => b - a)[keep - 1] ?? 0
        return `DELETE FROM loss WHERE agentId = ${literal(agentId)} AND time < ${oldest}ms`
      }),
    )
  },

  writeRulesVersion: async (rules) => influx().write([rulesPoint(rules)]),
  removeRulesVersion: ({ version, fromMs }) =>
    influx().remove([`DELETE FROM terms WHERE version = ${literal(version)} AND time = ${fromMs}ms`]),
  async rulesVersions() {
    const rows = await influx().rows('SELECT * FROM terms')
    return rows.map((row) => ({ version: text(row['version']), fromMs: row.time, text: text(row['text']) }))
  },

  async settlements(fromMs, toMs) {
    const rows = await influx().rows(`SELECT * FROM settlement WHERE ${within(fromMs, toMs)}`)
    return rows.map(settlementOf)
  },
  async settledSince(fromMs, toMs, sinceMs) {
    const rows = await influx().rows(
      `SELECT * FROM settlement WHERE settledMs > ${Math.floor(sinceMs)} AND ${within(fromMs, toMs)}`,
    )
    return rows.map(settlementOf)
  },
  async unpriced(fromMs, toMs) {
    const rows = await influx().rows(
      `SELECT missing FROM settlement WHERE missing != '' AND ${within(fromMs, toMs)}`,
    )
    return rows.map((row) => ({ minuteMs: row.time, missing: missingOf(row) }))
  },
  async restatements({ fromMs, toMs, stepMs }) {
    const rows = await influx().rows(
      `SELECT max(revision) AS revision, max(settledMs) AS restatedMs FROM settlement
       WHERE revision > 1 AND ${within(fromMs, toMs)} GROUP BY time(${stepMs}ms) fill(none)`,
    )
    return rows.map((row) => ({
      startMs: row.time,
      revision: Number(row['revision']),
      restatedMs: Number(row['restatedMs']),
    }))
  },

  writeRepricing: async (repricing) => influx().write([repricingPoint(repricing)]),
  async repricings(limit) {
    if (limit <= 0) return []
    const rows = await influx().rows(`SELECT * FROM repricing ORDER BY time DESC LIMIT ${limit}`)
    return rows.map(repricingOf)
  },
  async changes({ id, fromMs, toMs }, stepMs) {
    const rows = await influx().rows(
      `SELECT ${CHANGE_SUMS.map((name) => `sum(${name}) AS ${name}`).join(', ')} FROM change
       WHERE repricing = ${literal(id)} AND ${within(fromMs, toMs)} GROUP BY time(${stepMs}ms), workload fill(none)`,
    )
    return rows
      .map((row) => ({
        repricing: id,
        startMs: row.time,
        group: text(row['workload']),
        ...changeOfColumns(row as unknown as ChangeSums),
      }))
      .sort((a, b) => a.startMs - b.startMs || (a.group < b.group ? -1 : 1))
  },
})

export const lossPoint = ({ agentId, epoch, seq, ...fields }: Loss): IPoint =>
  point('loss', fields.atMs, { agentId, epoch: String(epoch), seq: String(seq) }, fields)
/** An earlier perwatt kept the sequence number as the point's time. */
const lossOf = (row: Row): Loss =>
  ({
    agentId: text(row['agentId']),
    epoch: Number(row['epoch']),
    seq: Number(row['seq'] || row.time),
    ...present(row, ['records', 'atMs', 'fromMs', 'toMs', 'cause', 'kind']),
  }) as Loss

const rulesPoint = ({ version, fromMs, text }: RulesVersion): IPoint =>
  point('terms', fromMs, { version }, { text })

const quotesText = (quotes: readonly Quote[]): string => JSON.stringify(quotes)
const quotesOf = (row: Row): Quote[] => JSON.parse(text(row['quotes'])) as Quote[]

/** Every field is written, because a field that a newer revision lacks would stay. */
export const settlementPoint = ({
  minuteMs,
  rulesVersion,
  quotes,
  missing = [],
  causes = [],
  ...fields
}: Settlement): IPoint =>
  point(
    'settlement',
    minuteMs,
    {},
    {
      ...fields,
      terms: rulesVersion,
      quotes: quotesText(quotes),
      missing: missing.join(','),
      causes: causes.length > 0 ? JSON.stringify(causes) : '',
    },
  )
const missingOf = (row: Row): QuoteName[] => text(row['missing']).split(',') as QuoteName[]
const settlementOf = (row: Row): Settlement => ({
  minuteMs: row.time,
  revision: Number(row['revision']),
  settledMs: Number(row['settledMs']),
  rulesVersion: text(row['terms']),
  quotes: quotesOf(row),
  ...(row['missing'] ? { missing: missingOf(row) } : {}),
  ...(row['causes'] ? { causes: JSON.parse(text(row['causes'])) as Cause[] } : {}),
})

export const repricingPoint = ({
  id,
  atMs,
  rulesVersion,
  quotes,
  decision,
  cancelled,
  ...fields
}: Repricing): IPoint =>
  point(
    'repricing',
    atMs,
    { id },
    {
      ...fields,
      terms: rulesVersion,
      quotes: quotesText(quotes),
      ...(decision ? { decision: JSON.stringify(decision) } : {}),
      ...(cancelled ? { cancelled: JSON.stringify(cancelled) } : {}),
    },
  )
const repricingOf = (row: Row): Repricing => ({
  id: text(row['id']),
  atMs: row.time,
  by: text(row['by']),
  reason: text(row['reason']),
  fromMs: Number(row['fromMs']),
  toMs: Number(row['toMs']),
  rulesVersion: text(row['terms']),
  quotes: quotesOf(row),
  doneMs: Number(row['doneMs']),
  ...(row['decision'] ? { decision: JSON.parse(text(row['decision'])) as Decision } : {}),
  ...(row['cancelled']
    ? { cancelled: JSON.parse(text(row['cancelled'])) as NonNullable<Repricing['cancelled']> }
    : {}),
})

export const changePoint = (change: Change): IPoint =>
  point(
    'change',
    change.minuteMs,
    { repricing: change.repricing, workload: change.group },
    changeColumns(change),
  )
