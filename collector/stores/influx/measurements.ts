import { FieldType, type IPoint, type ISchemaOptions } from 'influx'
import { INTERVAL_QUANTITIES } from '../../../protocol/interval.ts'
import { LEDGER_SUMS } from '../../economics/ledger-row.ts'
import { CHANGE_SUMS } from '../../rows/change-columns.ts'
import { escapeText, unescapeText } from '../../rows/escaped-text.ts'
import { HELD_BACK_SUMS } from '../../rows/held.ts'
import { whole } from '../../rows/rows.ts'

const { INTEGER, FLOAT, STRING, BOOLEAN } = FieldType
const all = (names: readonly string[], type: FieldType) => Object.fromEntries(names.map((n) => [n, type]))

/**
 * The measurements; tags and fields are named as the fields they hold, but for `terms`, which holds a rulesVersion. Types are
 * declared, because InfluxDB fixes a field's type at its first write: an undeclared number would become a float, exact only up to
 * 2^53.
 */
export const MEASUREMENTS = [
  {
    measurement: 'highWater',
    tags: ['agentId'],
    fields: {
      epoch: INTEGER,
      seq: INTEGER,
      life: STRING,
      newestMs: INTEGER,
      overlap: STRING,
      tally: STRING,
      revision: INTEGER,
    },
  },
  // one row: by its id a database that was emptied is told from the one that was filled
  { measurement: 'identity', tags: [], fields: { id: STRING, revision: INTEGER } },
  {
    measurement: 'interval',
    tags: ['agentId', 'deviceId', 'owner'],
    fields: {
      durationMs: INTEGER,
      coveredMs: INTEGER,
      powerBasis: STRING,
      recovered: BOOLEAN,
      ...all(INTERVAL_QUANTITIES, INTEGER),
      extra: STRING,
    },
  },
  {
    measurement: 'ledger',
    tags: ['workload', 'agentId', 'deviceId', 'owner', 'container', 'rack'],
    fields: all(LEDGER_SUMS, INTEGER),
  },
  {
    measurement: 'trueUp',
    tags: ['workload', 'worker'],
    fields: {
      ...all(['workDiff1', 'poolWorkDiff1', 'countedWorkDiff1', 'estimatedWorkDiff1'], INTEGER),
      poolBasis: STRING,
    },
  },
  // the same sums by rack: reading a day of a large site from `ledger` would take minutes, for its ten thousand series
  { measurement: 'rackLedger', tags: ['workload', 'container', 'rack'], fields: all(LEDGER_SUMS, INTEGER) },
  {
    measurement: 'sample',
    tags: ['agentId', 'deviceId'],
    fields: { state: STRING, powerW: FLOAT, hashrateHs: FLOAT, utilizationRatio: FLOAT, tempC: FLOAT },
  },
  // staleAfterMs and knownMs are text: a quote without one must be able to replace one that has it, and '' does
  {
    measurement: 'quote',
    tags: ['name'],
    fields: { value: FLOAT, unit: STRING, source: STRING, staleAfterMs: STRING, knownMs: STRING },
  },
  {
    measurement: 'loss',
    tags: ['agentId', 'epoch', 'seq'],
    fields: { records: INTEGER, atMs: INTEGER, fromMs: INTEGER, toMs: INTEGER, cause: STRING, kind: STRING },
  },
  { measurement: 'terms', tags: ['version'], fields: { text: STRING } },
  {
    measurement: 'settlement',
    tags: [],
    fields: {
      revision: INTEGER,
      settledMs: INTEGER,
      terms: STRING,
      quotes: STRING,
      missing: STRING,
      causes: STRING,
    },
  },
  {
    measurement: 'repricing',
    tags: ['id'],
    fields: {
      by: STRING,
      reason: STRING,
      fromMs: INTEGER,
      toMs: INTEGER,
      terms: STRING,
      quotes: STRING,
      doneMs: INTEGER,
      decision: STRING,
      cancelled: STRING,
    },
  },
  {
    measurement: 'held',
    tags: ['agentId', 'deviceId', 'owner', 'kind', 'check'],
    fields: { reason: STRING, heldMs: INTEGER, state: STRING, decision: STRING },
  },
  { measurement: 'heldBack', tags: ['workload', 'kind'], fields: all(HELD_BACK_SUMS, INTEGER) },
  // the group is called workload here, because GROUP is a keyword of InfluxQL
  { measurement: 'change', tags: ['repricing', 'workload'], fields: all(CHANGE_SUMS, INTEGER) },
  { measurement: 'claim', tags: ['agentId', 'deviceId'], fields: { text: STRING, revision: INTEGER } },
  { measurement: 'lease', tags: ['instance'], fields: { text: STRING, beat: INTEGER, serves: INTEGER } },
  { measurement: 'adoption', tags: ['id'], fields: { text: STRING } },
  {
    measurement: 'issue',
    tags: ['number'],
    fields: {
      month: STRING,
      customer: STRING,
      by: STRING,
      revision: STRING,
      totalUsd: FLOAT,
      dueUsd: FLOAT,
    },
  },
  { measurement: 'issueText', tags: ['number', 'part'], fields: { text: STRING } },
  { measurement: 'kept', tags: ['kind', 'name'], fields: { text: STRING, pieces: INTEGER, fromMs: INTEGER } },
  {
    measurement: 'quarantine',
    tags: [],
    fields: { atMs: INTEGER, agentId: STRING, topic: STRING, reason: STRING, payload: STRING },
  },
] as const satisfies ISchemaOptions[]
type Measurement = (typeof MEASUREMENTS)[number]['measurement']

const FIELD_TYPES = new Map(
  MEASUREMENTS.map(({ measurement, fields }) => [
    measurement,
    new Map<string, FieldType>(Object.entries(fields)),
  ]),
)

/** A row of an InfluxDB answer: absent tags are '' or null, absent fields null. `time` in ms. */
export type Row = { time: number } & Record<string, string | number | boolean | null>

/** A point to write. The line protocol has no empty tags, so '' is left out. @throws PerwattError `store-refused`: not a whole number */
export function point(
  measurement: Measurement,
  timeMs: number,
  tags: Record<string, string>,
  fields: object,
): IPoint {
  const types = FIELD_TYPES.get(measurement)
  const kept = (name: string, value: unknown) => {
    if (typeof value === 'string') return escapeText(value)
    // checked here, because the library would round it down
    return types?.get(name) === INTEGER ? whole('influx', name, value) : value
  }
  return {
    measurement,
    // as text: the library reads the number 0 as "now"
    timestamp: String(timeMs),
    tags: Object.fromEntries(
      Object.entries(tags)
        .filter(([, value]) => value !== '')
        .map(([name, value]) => [name, escapeText(value)]),
    ),
    fields: Object.fromEntries(
      Object.entries(fields)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [name, kept(name, value)]),
    ),
  }
}

/** A tag or field as text; '' where it is absent. */
export const text = (value: Row[string] | undefined): string => unescapeText(String(value ?? ''))

/** Those of the named fields that the row has. */
export function present(row: Row, names: readonly string[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const name of names) {
    const value = row[name]
    if (value !== null && value !== undefined)
      fields[name] = typeof value === 'string' ? unescapeText(value) : value
  }
  return fields
}
