import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { HeldMark } from '../../plugin/held.ts'
import type { Append, Store } from '../../plugin/store.ts'
import { recordKey } from '../../rows/held.ts'
import { marksAfter } from '../../rows/high-water.ts'
import type { SerialQueue } from '../../rows/serial-queue.ts'
import { lossPoint } from './audit.ts'
import type { InfluxClient } from './client.ts'
import { addHolds, heldKeys } from './held.ts'
import { within } from './influxql.ts'
import type { LatestRows } from './latest-rows.ts'
import { type AgentMark, intervalOf, intervalPoint, marksByAgent } from './points.ts'

type RecordMethods = Pick<Store, 'append' | 'appendAll' | 'highWaters' | 'firstRecordMs' | 'intervals'>

export interface InfluxRecordsOptions {
  influx: () => InfluxClient
  appends: SerialQueue
  marks: LatestRows<AgentMark>
  /** Whether the database is the one that was opened. Where it is not, its marks are set back, and the caller's write has to come again. */
  isSame: () => Promise<boolean>
  onAppended: () => Promise<void>
}

/**
 * Interval records and the high-water marks of their agents. The marks are written after the records: after a crash in between, the
 * agent sends the records again, and they overwrite the same points.
 */
export function influxRecords({
  influx,
  appends,
  marks,
  isSame,
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
      // an emptied database must not get marks that say that it has everything
      if (!(await isSame()))
        throw new PerwattError(
          'store-unavailable',
          'influx: the database came back without its data; agents send again what they still hold',
        )
      const next = marksAfter(marks.known, parts)
      await marks.write([...next].map(([agentId, mark]) => ({ agentId, ...mark })))
      await onAppended()
    })
  return {
    append: (agentId, mark, records) => appendAll([{ agentId, mark, records }]),
    appendAll,
    async highWaters() {
      return marksByAgent(await marks.stored())
    },
    async firstRecordMs() {
      const [row] = await influx().rows('SELECT first(coveredMs) FROM interval')
      return row?.time
    },
    async intervals(fromMs, toMs) {
      const rows = await influx().rows(`SELECT * FROM interval WHERE ${within(fromMs, toMs)}`)
      const held = await heldKeys(influx(), fromMs, toMs)
      const records = rows.map(intervalOf)
      return held.size === 0 ? records : records.filter((record) => !held.has(recordKey(record)))
    },
  }
}

const heldMarks = ({ agentId, holds = [] }: Append): HeldMark[] =>
  holds.map(({ record: { deviceId, owner, startMs }, ...hold }) => ({
    ...hold,
    agentId,
    deviceId,
    owner,
    startMs,
  }))
