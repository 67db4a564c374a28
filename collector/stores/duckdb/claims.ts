import type { Adoption, ClaimStore, DeviceClaim, RecordTimes } from '../../plugin/claim-store.ts'
import { claimKey, claimOf, claimText } from '../../rows/claims.ts'
import { lastByKey } from '../../rows/rows.ts'
import type { Database } from './database.ts'

/** Claims to devices, and their adoptions, as text beside their keys. */
export const duckdbClaims = (database: Database): ClaimStore => ({
  writeClaims: (claims) =>
    database.write(async (connection) => {
      const unique = lastByKey(claims, claimKey)
      if (unique.length === 0) return
      await connection.query(
        `DELETE FROM claim WHERE (agentId, deviceId) IN
           (SELECT k.agentId, k.deviceId FROM (SELECT unnest($agents) AS agentId, unnest($devices) AS deviceId) k)`,
        { agents: unique.map((c) => c.agentId), devices: unique.map((c) => c.deviceId) },
      )
      await connection.append(
        'claim',
        unique.map((claim) => ({ ...claim, text: claimText(claim) })),
      )
    }),
  async claims() {
    const rows = await database.read<Pick<DeviceClaim, 'agentId' | 'deviceId'> & { text: string }>(
      'SELECT * FROM claim ORDER BY agentId, deviceId',
    )
    return rows.map(claimOf)
  },
  writeAdoption: (adoption) =>
    database.write(async (connection) => {
      const { id, atMs } = adoption
      await connection.query('DELETE FROM adoption WHERE id = $id', { id })
      await connection.append('adoption', [{ id, atMs, text: JSON.stringify(adoption) }])
    }),
  async adoptions(limit) {
    const rows = await database.read<{ text: string }>(
      'SELECT text FROM adoption ORDER BY atMs DESC, id LIMIT $limit',
      { limit },
    )
    return rows.map(({ text }) => JSON.parse(text) as Adoption)
  },
  async recordTimes(agentId) {
    const rows = await database.read<RecordTimes & { deviceId: string }>(
      `SELECT deviceId, min(startMs) AS firstMs, max(startMs + durationMs) AS endMs FROM interval
       WHERE agentId = $agentId GROUP BY 1`,
      { agentId },
    )
    return new Map(rows.map(({ deviceId, ...times }) => [deviceId, times]))
  },
})
