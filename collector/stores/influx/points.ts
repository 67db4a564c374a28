import type { IPoint } from 'influx'
import { INTERVAL_QUANTITIES } from '../../../protocol/interval.ts'
import type { Quote } from '../../../protocol/quote.ts'
import type { AgentInterval, LedgerRow } from '../../economics/ledger-row.ts'
import type { TrueUp } from '../../economics/true-up.ts'
import type { HighWater, Quarantined, StoredSample } from '../../plugin/store.ts'
import { ownerFromText, ownerText } from '../../rows/escaped-text.ts'
import { extraText, withExtraText } from '../../rows/kept-extra.ts'
import type { InfluxClient } from './client.ts'
import { LatestRows } from './latest-rows.ts'
import { point, present, type Row, text } from './measurements.ts'

/** Records as points, and back. */

/** A high-water mark with its agent. */
export interface AgentMark extends HighWater {
  agentId: string
}
/** InfluxDB 1.8 refuses a field of more than 1,048,576 bytes (its change log: MaxFieldValueLength). The account of 6,000 devices is as long. */
const MAX_FIELD_BYTES = 1_000_000

/** '' stands for what is absent, because a field that is left out of a point with the same time stays. */
const markPoint = (
  { agentId, life = '', overlap = '', tally = '', ...mark }: AgentMark,
  timeMs: number,
  revision: number,
): IPoint =>
  point(
    'highWater',
    timeMs,
    { agentId },
    { ...mark, life, tally, overlap: Buffer.byteLength(overlap) > MAX_FIELD_BYTES ? '' : overlap, revision },
  )
const markOf = (row: Row): AgentMark => ({
  agentId: text(row['agentId']),
  epoch: Number(row['epoch']),
  seq: Number(row['seq']),
  ...(row['life'] ? { life: text(row['life']) } : {}),
  ...(typeof row['newestMs'] === 'number' ? { newestMs: row['newestMs'] } : {}),
  ...(row['overlap'] ? { overlap: text(row['overlap']) } : {}),
  ...(row['tally'] ? { tally: text(row['tally']) } : {}),
})
export const marksByAgent = (marks: ReadonlyMap<string, AgentMark>): Map<string, HighWater> =>
  new Map([...marks].map(([, { agentId, ...mark }]) => [agentId, mark]))
export const markRows = (influx: () => InfluxClient, nowMs: () => number): LatestRows<AgentMark> =>
  new LatestRows<AgentMark>({
    influx,
    measurement: 'highWater',
    keyOf: ({ agentId }) => agentId,
    pointOf: markPoint,
    of: markOf,
    nowMs,
  })

export function intervalPoint({
  agentId,
  deviceId,
  owner,
  startMs,
  shareDiff1: _,
  extra,
  ...fields
}: AgentInterval): IPoint {
  const kept = { ...fields, ...(extra && extraText(extra)) }
  const made = point('interval', startMs, { agentId, deviceId }, kept)
  const facts = ownerText(owner)
  // set here, because `point` would escape it a second time
  if (facts) made.tags = { ...made.tags, owner: facts }
  return made
}
export const intervalOf = (row: Row): AgentInterval =>
  withExtraText(
    {
      agentId: text(row['agentId']),
      deviceId: text(row['deviceId']),
      owner: ownerFromText(String(row['owner'] ?? '')),
      startMs: row.time,
      ...present(row, ['durationMs', 'coveredMs', 'powerBasis', 'recovered', ...INTERVAL_QUANTITIES]),
    } as AgentInterval,
    text(row['extra']),
  )

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

export const quotePoint = ({ name, fromMs, staleAfterMs, knownMs, ...fields }: Quote): IPoint =>
  point(
    'quote',
    fromMs,
    { name },
    { ...fields, staleAfterMs: staleAfterMs?.toString() ?? '', knownMs: knownMs?.toString() ?? '' },
  )
export const quoteOf = (row: Row): Quote => ({
  name: text(row['name']) as Quote['name'],
  value: Number(row['value']),
  unit: text(row['unit']),
  source: text(row['source']),
  fromMs: row.time,
  ...(row['staleAfterMs'] ? { staleAfterMs: Number(row['staleAfterMs']) } : {}),
  ...(row['knownMs'] ? { knownMs: Number(row['knownMs']) } : {}),
})

export const trueUpPoint = ({ workload, worker, dayMs, ...fields }: TrueUp): IPoint =>
  point('trueUp', dayMs, { workload, worker }, fields)
export const trueUpOf = (row: Row): TrueUp => ({
  workload: text(row['workload']),
  worker: text(row['worker']),
  dayMs: row.time,
  workDiff1: Number(row['workDiff1']),
  poolWorkDiff1: Number(row['poolWorkDiff1']),
  poolBasis: text(row['poolBasis']) === 'shares' ? 'shares' : 'hashrate',
  countedWorkDiff1: Number(row['countedWorkDiff1']),
  estimatedWorkDiff1: Number(row['estimatedWorkDiff1']),
})

export const quarantinePoint = (timeMs: number, entry: Quarantined): IPoint =>
  point('quarantine', timeMs, {}, entry)
export const quarantinedOf = (row: Row): Quarantined => ({
  atMs: Number(row['atMs']),
  agentId: text(row['agentId']),
  topic: text(row['topic']),
  reason: text(row['reason']),
  payload: text(row['payload']),
})
