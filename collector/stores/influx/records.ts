import { systemClock } from '../../../protocol/kit/clock.ts'
import type { HeldMark } from '../../plugin/held.ts'
import type { Append, DevicePast, Store } from '../../plugin/store.ts'
import { recordKey } from '../../rows/held.ts'
import { marksAfter } from '../../rows/high-water.ts'
import type { SerialQueue } from '../../rows/serial-queue.ts'
import { lossPoint } from './audit.ts'
import type { InfluxClient } from './client.ts'
import { addHolds, heldKeys, uncounted } from './held.ts'
import { literal, within } from './influxql.ts'
import type { LatestRows } from './latest-rows.ts'
import { type Row, text } from './measurements.ts'
import { type AgentMark, intervalOf, intervalPoint, marksByAgent } from './points.ts'

type RecordMethods = Pick<
  Store,
  'append' | 'appendAll' | 'highWaters' | 'firstRecordMs' | 'newestRecordMs' | 'intervals' | 'pastOfDevices'
>

export interface InfluxRecordsOptions {
  influx: () => InfluxClient
  appends: SerialQueue
  marks: LatestRows<AgentMark>
  /** Rejects where the database has not what it had: its marks are set back then, and the caller's write has to come again. */
  check: () => Promise<void>
  onMarksRead: () => void
  onAppended: () => Promise<void>
}

/** An answer that took longer is old: the program or the computer may have been halted. */
const OLD_ANSWER_MS = 30_000

async function checkNow(check: () => Promise<void>): Promise<void> {
  const beganMs = systemClock.now().steadyMs
  await check()
  if (systemClock.now().steadyMs - beganMs > OLD_ANSWER_MS) await check()
}

/**
 * Interval records and the high-water marks of their agents. The marks are written after the records: after a crash in between, the
 * agent sends the records again, and they overwrite the same points.
 */
export function influxRecords({
  influx,
  appends,
  marks,
  check,
  onMarksRead,
  onAppended,
}: InfluxRecordsOptions): RecordMethods {
  const appendAll = (parts: readonly Append[]) =>
    appends.run(async () => {
      // before their records: a record must never be read without its hold
      await addHolds(influx(), parts.flatMap(heldMarks))
      await influx().write([
        ...parts.flatMap(({ agentId, records }) =>
          records.map((record) => intervalPoint({ ...record, agentId })),
        ),
        ...parts.flatMap(({ losses = [] }) => losses.map(lossPoint)),
      ])
      // an emptied database must not get marks that say that it has everything, nor one that another collector has written to
      await checkNow(check)
      const next = marksAfter(marks.known, parts)
      await marks.write([...next].map(([agentId, mark]) => ({ agentId, ...mark })))
      await onAppended()
    })
  /** Energy of the records that start at or after a time and count, by device. */
  const countingEnergy = async (fromMs: number) => {
    const rows = await influx().rows(
      `SELECT sum(energyMilliJ) AS energyMilliJ, sum(exportedMilliJ) AS exportedMilliJ, sum(durationMs) AS overMs
       FROM interval WHERE time >= ${Math.ceil(fromMs)}ms GROUP BY agentId, deviceId`,
    )
    const told = rows.filter((row) => row['energyMilliJ'] !== null)
    const sums = new Map(told.map((row) => [deviceKey(row), energyOf(row)]))
    for (const record of await uncounted(influx(), fromMs)) {
      const sum = sums.get(`${record.agentId}\n${record.deviceId}`)
      if (!sum) continue
      sum.energyMilliJ -= record.energyMilliJ ?? 0
      sum.exportedMilliJ -= record.exportedMilliJ ?? 0
      sum.overMs -= record.durationMs
    }
    return sums
  }
  return {
    append: (agentId, mark, records) => appendAll([{ agentId, mark, records }]),
    appendAll,
    async highWaters() {
      const stored = marksByAgent(await marks.stored())
      onMarksRead()
      return stored
    },
    async firstRecordMs() {
      const [row] = await influx().rows('SELECT first(coveredMs) FROM interval')
      return row?.time
    },
    async newestRecordMs() {
      const [newest] = await influx().rows('SELECT coveredMs FROM interval ORDER BY time DESC LIMIT 1')
      return newest?.time
    },
    async intervals(fromMs, toMs, agentId) {
      const own = agentId === undefined ? '' : ` AND agentId = ${literal(agentId)}`
      const rows = await influx().rows(`SELECT * FROM interval WHERE ${within(fromMs, toMs)}${own}`)
      const held = await heldKeys(influx(), fromMs, toMs)
      const records = rows.map(intervalOf)
      return held.size === 0 ? records : records.filter((record) => !held.has(recordKey(record)))
    },
    async pastOfDevices(fromMs, energyFromMs) {
      const last = await influx().rows(
        `SELECT last(durationMs) AS durationMs FROM interval WHERE time >= ${Math.ceil(fromMs)}ms GROUP BY agentId, deviceId`,
      )
      const energies = await countingEnergy(energyFromMs)
      return last.map((row): DevicePast => {
        const energy = energies.get(deviceKey(row))
        return {
          agentId: text(row['agentId']),
          deviceId: text(row['deviceId']),
          endMs: row.time + Number(row['durationMs']),
          ...(energy && energy.overMs > 0 && { energy }),
        }
      })
    },
  }
}

const deviceKey = (row: Row): string => `${text(row['agentId'])}\n${text(row['deviceId'])}`
const energyOf = (row: Row): Required<DevicePast>['energy'] => ({
  energyMilliJ: Number(row['energyMilliJ'] ?? 0),
  exportedMilliJ: Number(row['exportedMilliJ'] ?? 0),
  overMs: Number(row['overMs'] ?? 0),
})

const heldMarks = ({ agentId, holds = [] }: Append): HeldMark[] =>
  holds.map(({ record: { deviceId, owner, startMs }, ...hold }) => ({
    ...hold,
    agentId,
    deviceId,
    owner,
    startMs,
  }))
