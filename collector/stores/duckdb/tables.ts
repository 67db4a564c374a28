import { INTERVAL_QUANTITIES } from '../../../protocol/interval.ts'
import { LEDGER_SUMS } from '../../economics/ledger-row.ts'
import { CHANGE_SUMS } from '../../rows/change-columns.ts'
import { HELD_BACK_SUMS } from '../../rows/held.ts'

export type ColumnType = 'VARCHAR' | 'BIGINT' | 'DOUBLE' | 'BOOLEAN'

/** Version of the tables below. A file of a newer version is not opened. */
export const SCHEMA_VERSION = 5

const bigints = <const N extends string>(names: readonly N[]) =>
  Object.fromEntries(names.map((name) => [name, 'BIGINT'])) as Record<N, 'BIGINT'>

/**
 * The tables. Columns are named as the fields they hold, but for `terms`, which holds a rulesVersion. `interval` has no index: the
 * keys of all its rows would have to fit in memory. Rows arrive nearly in order of time, so DuckDB finds a minute's rows by the
 * minimum and maximum of each row group.
 */
export const TABLES = {
  meta: { name: 'VARCHAR', value: 'VARCHAR' },
  highWater: {
    agentId: 'VARCHAR',
    epoch: 'BIGINT',
    seq: 'BIGINT',
    life: 'VARCHAR',
    newestMs: 'BIGINT',
    overlap: 'VARCHAR',
    tally: 'VARCHAR',
  },
  interval: {
    agentId: 'VARCHAR',
    deviceId: 'VARCHAR',
    owner: 'VARCHAR',
    startMs: 'BIGINT',
    durationMs: 'BIGINT',
    coveredMs: 'BIGINT',
    powerBasis: 'VARCHAR',
    recovered: 'BOOLEAN',
    ...bigints(INTERVAL_QUANTITIES),
    extra: 'VARCHAR',
  },
  ledger: {
    minuteMs: 'BIGINT',
    workload: 'VARCHAR',
    agentId: 'VARCHAR',
    deviceId: 'VARCHAR',
    owner: 'VARCHAR',
    container: 'VARCHAR',
    rack: 'VARCHAR',
    ...bigints(LEDGER_SUMS),
  },
  trueUp: {
    workload: 'VARCHAR',
    worker: 'VARCHAR',
    dayMs: 'BIGINT',
    workDiff1: 'BIGINT',
    poolWorkDiff1: 'BIGINT',
    poolBasis: 'VARCHAR',
    countedWorkDiff1: 'BIGINT',
    estimatedWorkDiff1: 'BIGINT',
  },
  sample: {
    agentId: 'VARCHAR',
    deviceId: 'VARCHAR',
    atMs: 'BIGINT',
    state: 'VARCHAR',
    powerW: 'DOUBLE',
    hashrateHs: 'DOUBLE',
    utilizationRatio: 'DOUBLE',
    tempC: 'DOUBLE',
  },
  quote: {
    name: 'VARCHAR',
    value: 'DOUBLE',
    unit: 'VARCHAR',
    source: 'VARCHAR',
    fromMs: 'BIGINT',
    staleAfterMs: 'BIGINT',
    knownMs: 'BIGINT',
  },
  loss: {
    agentId: 'VARCHAR',
    epoch: 'BIGINT',
    seq: 'BIGINT',
    records: 'BIGINT',
    atMs: 'BIGINT',
    fromMs: 'BIGINT',
    toMs: 'BIGINT',
    cause: 'VARCHAR',
    kind: 'VARCHAR',
  },
  terms: { version: 'VARCHAR', fromMs: 'BIGINT', text: 'VARCHAR' },
  settlement: {
    minuteMs: 'BIGINT',
    revision: 'BIGINT',
    settledMs: 'BIGINT',
    terms: 'VARCHAR',
    quotes: 'VARCHAR',
    missing: 'VARCHAR',
    causes: 'VARCHAR',
  },
  repricing: {
    id: 'VARCHAR',
    atMs: 'BIGINT',
    by: 'VARCHAR',
    reason: 'VARCHAR',
    fromMs: 'BIGINT',
    toMs: 'BIGINT',
    terms: 'VARCHAR',
    quotes: 'VARCHAR',
    doneMs: 'BIGINT',
    decision: 'VARCHAR',
    cancelled: 'VARCHAR',
  },
  change: {
    repricing: 'VARCHAR',
    minuteMs: 'BIGINT',
    group: 'VARCHAR',
    ...bigints(CHANGE_SUMS),
  },
  held: {
    agentId: 'VARCHAR',
    deviceId: 'VARCHAR',
    owner: 'VARCHAR',
    startMs: 'BIGINT',
    kind: 'VARCHAR',
    check: 'VARCHAR',
    reason: 'VARCHAR',
    heldMs: 'BIGINT',
    state: 'VARCHAR',
    decision: 'VARCHAR',
  },
  heldBack: {
    minuteMs: 'BIGINT',
    workload: 'VARCHAR',
    kind: 'VARCHAR',
    ...bigints(HELD_BACK_SUMS),
  },
  claim: { agentId: 'VARCHAR', deviceId: 'VARCHAR', text: 'VARCHAR' },
  adoption: { id: 'VARCHAR', atMs: 'BIGINT', text: 'VARCHAR' },
  issue: {
    number: 'VARCHAR',
    month: 'VARCHAR',
    customer: 'VARCHAR',
    atMs: 'BIGINT',
    by: 'VARCHAR',
    revision: 'VARCHAR',
    totalUsd: 'DOUBLE',
    dueUsd: 'DOUBLE',
  },
  issueText: { number: 'VARCHAR', part: 'VARCHAR', text: 'VARCHAR' },
  kept: { kind: 'VARCHAR', name: 'VARCHAR', text: 'VARCHAR' },
  quarantine: {
    n: 'BIGINT',
    atMs: 'BIGINT',
    agentId: 'VARCHAR',
    topic: 'VARCHAR',
    reason: 'VARCHAR',
    payload: 'VARCHAR',
  },
} as const satisfies Record<string, Record<string, ColumnType>>
export type Table = keyof typeof TABLES

export const CREATE_TABLES = Object.entries(TABLES).map(
  ([table, columns]) =>
    `CREATE TABLE IF NOT EXISTS ${table} (${Object.entries(columns)
      .map(([name, type]) => `"${name}" ${type}`)
      .join(', ')})`,
)

/** Tables whose numbers are sums: a column that an earlier version lacks becomes 0, not NULL. */
const SUM_TABLES: readonly string[] = ['ledger', 'change'] satisfies Table[]

/** The statements that give a table of an earlier version the columns above, in their order. */
export function reshape(table: Table, present: readonly string[]): string[] {
  const columns = Object.entries(TABLES[table])
  if (columns.every(([name], i) => present[i] === name)) return []
  // in place where they come at the end: a copy of years of records would need as much disk again
  if (present.every((name, i) => columns[i]?.[0] === name) && !SUM_TABLES.includes(table))
    return columns
      .slice(present.length)
      .map(([name, type]) => `ALTER TABLE ${table} ADD COLUMN "${name}" ${type}`)
  const selected = columns.map(([name, type]) => {
    if (present.includes(name)) return `"${name}"`
    return `${SUM_TABLES.includes(table) && type === 'BIGINT' ? '0' : 'NULL'}::${type} AS "${name}"`
  })
  return [`CREATE OR REPLACE TABLE ${table} AS SELECT ${selected.join(', ')} FROM ${table}`]
}
