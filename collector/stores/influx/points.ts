import { FieldType, type IPoint, type ISchemaOptions } from 'influx'
import { INTERVAL_QUANTITIES } from '../../../protocol/interval.ts'
import type { Quote } from '../../../protocol/quote.ts'
import { type AgentInterval, LEDGER_SUMS, type LedgerRow } from '../../economics/ledger-row.ts'
import type { HighWater, Quarantined, StoredSample } from '../../plugin/store.ts'
import { CHANGE_SUMS, whole } from '../../rows/rows.ts'
import { fromPlain, ownerFromText, ownerText, toPlain } from '../../rows/text.ts'

const { INTEGER, FLOAT, STRING, BOOLEAN } = FieldType
const all = (names: readonly string[], type: FieldType) => Object.fromEntries(names.map((n) => [n, type]))

/**
 * The measurements; tags and fields have the names of the store's own fields. Types are declared, because InfluxDB fixes a
 * field's type at its first write, and an undeclared number would become a float, exact only up to 2^53.
 */
export const MEASUREMENTS = [
  { measurement: 'highWater', tags: ['agentId'], fields: { epoch: INTEGER, seq: INTEGER } },
  {
    measurement: 'interval',
    tags: ['agentId', 'deviceId', 'owner'],
    fields: {
      durationMs: INTEGER,
      coveredMs: INTEGER,
      powerBasis: STRING,
      recovered: BOOLEAN,
      ...all(INTERVAL_QUANTITIES, INTEGER),
    },
  },
  {
    measurement: 'ledger',
    tags: ['workload', 'agentId', 'deviceId', 'owner', 'container', 'rack'],
    fields: all(LEDGER_SUMS, INTEGER),
  },
  // the same sums by rack: without it a day of a large site is ten thousand series to read, minutes of waiting
  { measurement: 'rackLedger', tags: ['workload', 'container', 'rack'], fields: all(LEDGER_SUMS, INTEGER) },
  {
    measurement: 'sample',
    tags: ['agentId', 'deviceId'],
    fields: { state: STRING, powerW: FLOAT, hashrateHs: FLOAT, utilizationRatio: FLOAT, tempC: FLOAT },
  },
  // staleAfterMs is text: a quote without one must be able to replace one that has it, and '' can
  {
    measurement: 'quote',
    tags: ['name'],
    fields: { value: FLOAT, unit: STRING, source: STRING, staleAfterMs: STRING },
  },
  {
    measurement: 'loss',
    tags: ['agentId', 'epoch'],
    fields: { records: INTEGER, atMs: INTEGER, fromMs: INTEGER, toMs: INTEGER },
  },
  { measurement: 'terms', tags: ['version'], fields: { text: STRING } },
  {
    measurement: 'settlement',
    tags: [],
    fields: { revision: INTEGER, settledMs: INTEGER, terms: STRING, quotes: STRING },
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
    },
  },
  // its group is called workload, because InfluxQL has a word of that name
  { measurement: 'change', tags: ['repricing', 'workload'], fields: all(CHANGE_SUMS, INTEGER) },
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

/** A row as InfluxDB answers it: absent tags are '' or null, absent fields null. `time` in ms. */
export type Row = { time: number } & Record<string, string | number | boolean | null>

/** The line protocol has no empty tags: '' is an absent one. The library escapes the rest. */
export function point(
  measurement: Measurement,
  timeMs: number,
  tags: Record<string, string>,
  fields: object,
): IPoint {
  const types = FIELD_TYPES.get(measurement)
  const kept = (name: string, value: unknown) => {
    if (typeof value === 'string') return toPlain(value)
    // the library would round it down
    return types?.get(name) === INTEGER ? whole('influx', name, value) : value
  }
  return {
    measurement,
    // as text: the library takes the number 0 for "now"
    timestamp: String(timeMs),
    tags: Object.fromEntries(
      Object.entries(tags)
        .filter(([, value]) => value !== '')
        .map(([name, value]) => [name, toPlain(value)]),
    ),
    fields: Object.fromEntries(
      Object.entries(fields)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [name, kept(name, value)]),
    ),
  }
}

export const text = (value: Row[string] | undefined): string => fromPlain(String(value ?? ''))

/** The named fields of a row that are there. */
export function present(row: Row, names: readonly string[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const name of names) {
    const value = row[name]
    if (value !== null && value !== undefined)
      fields[name] = typeof value === 'string' ? fromPlain(value) : value
  }
  return fields
}

/** An agent has one mark: always the same point. */
export const markPoint = (agentId: string, mark: HighWater): IPoint =>
  point('highWater', 0, { agentId }, { ...mark })
export const markOf = (row: Row): [agentId: string, mark: HighWater] => [
  text(row['agentId']),
  { epoch: Number(row['epoch']), seq: Number(row['seq']) },
]

export function intervalPoint({ agentId, deviceId, owner, startMs, ...fields }: AgentInterval): IPoint {
  const made = point('interval', startMs, { agentId, deviceId }, fields)
  const facts = ownerText(owner)
  // escaped once already
  if (facts) made.tags = { ...made.tags, owner: facts }
  return made
}
export const intervalOf = (row: Row): AgentInterval =>
  ({
    agentId: text(row['agentId']),
    deviceId: text(row['deviceId']),
    owner: ownerFromText(String(row['owner'] ?? '')),
    startMs: row.time,
    ...present(row, ['durationMs', 'coveredMs', 'powerBasis', 'recovered', ...INTERVAL_QUANTITIES]),
  }) as AgentInterval

export const ledgerPoint = (measurement: 'ledger' | 'rackLedger', row: LedgerRow): IPoint => {
  const { minuteMs, workload, agentId, deviceId, owner, container, rack, ...sums } = row
  return point(measurement, minuteMs, { workload, agentId, deviceId, owner, container, rack }, sums)
}

export const samplePoint = ({ agentId, deviceId, atMs, ...fields }: StoredSample): IPoint =>
  point('sample', atMs, { agentId, deviceId }, fields)
export const sampleOf = (row: Row): StoredSample =>
  ({
    agentId: text(row['agentId']),
    deviceId: text(row['deviceId']),
    atMs: row.time,
    ...present(row, ['state', 'powerW', 'hashrateHs', 'utilizationRatio', 'tempC']),
  }) as StoredSample

export const quotePoint = ({ name, fromMs, staleAfterMs, ...fields }: Quote): IPoint =>
  point('quote', fromMs, { name }, { ...fields, staleAfterMs: staleAfterMs?.toString() ?? '' })
export const quoteOf = (row: Row): Quote => ({
  name: text(row['name']) as Quote['name'],
  value: Number(row['value']),
  unit: text(row['unit']),
  source: text(row['source']),
  fromMs: row.time,
  ...(row['staleAfterMs'] ? { staleAfterMs: Number(row['staleAfterMs']) } : {}),
})

/** The n-th entry stands at time n, so that the oldest are removed by time and none replaces another. */
export const quarantinePoint = (n: number, entry: Quarantined): IPoint => point('quarantine', n, {}, entry)
export const quarantinedOf = (row: Row): Quarantined => ({
  atMs: Number(row['atMs']),
  agentId: text(row['agentId']),
  topic: text(row['topic']),
  reason: text(row['reason']),
  payload: text(row['payload']),
})
