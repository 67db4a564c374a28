import { HOUR_MS, MINUTE_MS, minuteAtOrAfter, minuteOf } from '../../../protocol/units.ts'
import { LEDGER_SUMS } from '../../economics/ledger-row.ts'
import type { GroupBy, LedgerBucket, Store } from '../../plugin/store.ts'
import { unescapeText } from '../../rows/escaped-text.ts'
import { ofMinutes, withoutDevices } from '../../rows/rows.ts'
import type { SerialQueue } from '../../rows/serial-queue.ts'
import { changePoint, repricingPoint, settlementPoint } from './audit.ts'
import type { InfluxClient } from './client.ts'
import { heldBackPoint, heldKeys } from './held.ts'
import { literal, spans, within } from './influxql.ts'
import type { Row } from './measurements.ts'
import { ledgerPoint } from './points.ts'

const GROUP_TAGS: Record<GroupBy, string | undefined> = {
  workload: 'workload',
  device: 'deviceId',
  agent: 'agentId',
  container: 'container',
  rack: 'rack',
  site: undefined,
}
const SUMS = LEDGER_SUMS.map((name) => `sum(${name}) AS ${name}`).join(', ')
/** A query of one value per minute reads at least this much time at once, and at most so many parts. */
const PART_MS = 6 * HOUR_MS
const MOST_PARTS = 100

/** The ledger's rows, by device and by rack. */
export function influxLedger(
  influx: () => InfluxClient,
  settling: SerialQueue,
): Pick<Store, 'settle' | 'ledger' | 'unsettledMinutes' | 'workByOwner'> {
  return {
    settle: (minutes, rows, settledWith = {}) =>
      settling.run(async () => {
        ofMinutes('influx', minutes, rows)
        const named = new Set(minutes)
        const [first, endMs] = [Math.min(...minutes), Math.max(...minutes) + MINUTE_MS]
        const filled = (await perMinute(influx(), 'sum(intervals)', 'ledger', first, endMs))
          .map(([minute]) => minute)
          .filter((minute) => named.has(minute))
        // rackLedger marks a minute as settled, so it is deleted first and written last: after a crash the minute is settled again
        const marks = withoutDevices(rows).sort((a, b) => a.intervals - b.intervals)
        // the audit's old figures first: after a crash they could not be read again
        await influx().write((settledWith.changes ?? []).map(changePoint))
        const heldMinutes = (await perMinute(influx(), 'sum(records)', 'heldBack', first, endMs))
          .map(([minute]) => minute)
          .filter((minute) => named.has(minute))
        await influx().remove([
          ...['rackLedger', 'ledger'].flatMap((measurement) =>
            spans(filled).map((span) => `DELETE FROM ${measurement} WHERE ${span}`),
          ),
          ...spans(heldMinutes).map((span) => `DELETE FROM heldBack WHERE ${span}`),
          ...(settledWith.takesBack ? spans([...minutes]) : []).map(
            (span) => `DELETE FROM settlement WHERE ${span}`,
          ),
        ])
        await influx().write([
          ...rows.map((row) => ledgerPoint('ledger', row)),
          ...(settledWith.heldBack ?? []).map(heldBackPoint),
          ...(settledWith.settlements ?? []).map(settlementPoint),
        ])
        await influx().write(marks.map((row) => ledgerPoint('rackLedger', row)))
        if (settledWith.repricing) await influx().write([repricingPoint(settledWith.repricing)])
      }),

    async ledger({ fromMs, toMs, stepMs, groupBy }) {
      const tag = GROUP_TAGS[groupBy]
      const measurement = groupBy === 'device' || groupBy === 'agent' ? 'ledger' : 'rackLedger'
      const rows = await influx().rows(
        `SELECT ${SUMS} FROM ${measurement} WHERE ${within(fromMs, toMs)} GROUP BY time(${stepMs}ms)${tag ? `, ${tag}` : ''} fill(none)`,
      )
      return rows
        .map(({ time, ...row }) => {
          const { [tag ?? '']: group, ...sums } = row
          return {
            startMs: time,
            group: tag ? unescapeText(String(group ?? '')) : 'site',
            // a point of an earlier perwatt lacks the fields that it did not count
            ...Object.fromEntries(LEDGER_SUMS.map((name) => [name, sums[name] ?? 0])),
          } as LedgerBucket
        })
        .sort((a, b) => a.startMs - b.startMs || (a.group < b.group ? -1 : 1))
    },

    async workByOwner(workload, fromMs, toMs) {
      const where = `workload = ${literal(workload)} AND deviceId != '' AND ${within(fromMs, toMs)}`
      // `stddev` of InfluxQL is that of a sample, and null for one point
      const sums = await influx().rows(
        `SELECT sum(workDiff1) AS workDiff1, sum(estimatedWorkDiff1) AS estimatedWorkDiff1, sum(coveredMs) AS coveredMs,
           stddev(workDiff1) AS scatter, count(workDiff1) AS minutes
         FROM ledger WHERE ${where} GROUP BY owner, agentId, deviceId`,
      )
      const estimated = await influx().rows(
        `SELECT sum(coveredMs) AS coveredMs FROM ledger WHERE ${where} AND estimatedWorkDiff1 > 0 GROUP BY owner, agentId, deviceId`,
      )
      const keyOf = (row: Row) => JSON.stringify([row['owner'], row['agentId'], row['deviceId']])
      const coveredMs = new Map(estimated.map((row) => [keyOf(row), Number(row['coveredMs'])]))
      const text = (value: unknown) => unescapeText(String(value ?? ''))
      return sums
        .map((row) => ({
          owner: text(row['owner']),
          agentId: text(row['agentId']),
          deviceId: text(row['deviceId']),
          workDiff1: Number(row['workDiff1'] ?? 0),
          estimatedWorkDiff1: Number(row['estimatedWorkDiff1'] ?? 0),
          coveredMs: Number(row['coveredMs'] ?? 0),
          workScatterDiff1:
            Number(row['scatter'] ?? 0) * Math.sqrt(Math.max(0, Number(row['minutes'] ?? 0) - 1)),
          estimatedCoveredMs: coveredMs.get(keyOf(row)) ?? 0,
        }))
        .sort(
          (a, b) => order(a.owner, b.owner) || order(a.agentId, b.agentId) || order(a.deviceId, b.deviceId),
        )
    },

    async unsettledMinutes(fromMs, toMs) {
      const range = [minuteAtOrAfter(fromMs), minuteAtOrAfter(toMs)] as const
      const stored = new Map(await perMinute(influx(), 'count(coveredMs)', 'interval', ...range))
      const kept = new Map(stored)
      const settled = new Map(await perMinute(influx(), 'sum(intervals)', 'rackLedger', ...range))
      for (const startMs of (await heldKeys(influx(), ...range)).values()) {
        const minute = minuteOf(startMs)
        kept.set(minute, (kept.get(minute) ?? 0) - 1)
      }
      return [...new Set([...kept.keys(), ...settled.keys()])]
        .filter((minute) => {
          const intervals = settled.get(minute) ?? 0
          return (kept.get(minute) ?? 0) !== intervals && (stored.get(minute) ?? 0) >= intervals
        })
        .sort((a, b) => a - b)
    },
  }
}

/** [minute, value] of each minute that has points. Reads the range in parts, so that none exceeds the request's deadline. */
async function perMinute(
  influx: InfluxClient,
  value: string,
  measurement: string,
  fromMs: number,
  toMs: number,
): Promise<[minuteMs: number, value: number][]> {
  const found: [number, number][] = []
  const partMs = minuteAtOrAfter(Math.max(PART_MS, (toMs - fromMs) / MOST_PARTS))
  for (let partFromMs = fromMs; partFromMs < toMs; partFromMs += partMs) {
    const range = within(partFromMs, Math.min(toMs, partFromMs + partMs))
    const rows = await influx.rows(
      `SELECT ${value} AS value FROM ${measurement} WHERE ${range} GROUP BY time(1m) fill(none)`,
    )
    for (const row of rows) found.push([row.time, Number(row['value'])])
  }
  return found
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
