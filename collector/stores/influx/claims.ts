import type { Adoption, ClaimStore, DeviceClaim } from '../../plugin/claim-store.ts'
import { claimKey, claimOf, claimText } from '../../rows/claims.ts'
import type { InfluxClient } from './client.ts'
import { literal } from './influxql.ts'
import { LatestRows } from './latest-rows.ts'
import { point, type Row, text } from './measurements.ts'

export const claimRows = (influx: () => InfluxClient, nowMs: () => number): LatestRows<DeviceClaim> =>
  new LatestRows<DeviceClaim>({
    influx,
    measurement: 'claim',
    keyOf: claimKey,
    pointOf: (claim, timeMs, revision) =>
      point(
        'claim',
        timeMs,
        { agentId: claim.agentId, deviceId: claim.deviceId },
        { text: claimText(claim), revision },
      ),
    of: (row) =>
      claimOf({
        agentId: text(row['agentId']),
        deviceId: text(row['deviceId']),
        text: text(row['text']),
      }),
    nowMs,
  })

/** Claims to devices, and their adoptions. */
export const influxClaims = (influx: () => InfluxClient, claims: LatestRows<DeviceClaim>): ClaimStore => ({
  writeClaims: (changed) => claims.write(changed),
  async claims() {
    return [...(await claims.stored()).values()].sort((a, b) =>
      a.agentId === b.agentId ? compare(a.deviceId, b.deviceId) : compare(a.agentId, b.agentId),
    )
  },
  writeAdoption: async (adoption) =>
    influx().write([
      point('adoption', adoption.atMs, { id: adoption.id }, { text: JSON.stringify(adoption) }),
    ]),
  async adoptions(limit) {
    if (limit <= 0) return []
    const rows = await influx().rows(`SELECT * FROM adoption ORDER BY time DESC LIMIT ${limit}`)
    return rows.map((row) => JSON.parse(text(row['text'])) as Adoption)
  },
  async recordTimes(agentId) {
    const of = (which: 'first' | 'last') =>
      influx().rows(
        `SELECT ${which}(durationMs) AS durationMs FROM interval WHERE agentId = ${literal(agentId)} GROUP BY deviceId`,
      )
    const [first, last] = [await of('first'), await of('last')]
    const firstMs = new Map(first.map((row) => [deviceOf(row), row.time]))
    return new Map(
      last.map((row) => {
        const endMs = row.time + Number(row['durationMs'])
        return [deviceOf(row), { firstMs: firstMs.get(deviceOf(row)) ?? row.time, endMs }]
      }),
    )
  },
})

const deviceOf = (row: Row): string => text(row['deviceId'])
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
