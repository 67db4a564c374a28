import type { HeldMark } from '../../plugin/held.ts'
import type { Append, HighWater, Store } from '../../plugin/store.ts'
import { recordKey } from '../../rows/held.ts'
import { marksAfter } from '../../rows/high-water.ts'
import type { SerialQueue } from '../../rows/serial-queue.ts'
import { lossPoint } from './audit.ts'
import type { InfluxClient } from './client.ts'
import { addHolds, heldKeys } from './held.ts'
import { within } from './influxql.ts'
import { intervalOf, intervalPoint, markOf, markPoint } from './points.ts'

type RecordMethods = Pick<Store, 'append' | 'appendAll' | 'highWaters' | 'intervals'>

/**
 * Interval records and the high-water marks of their agents. The marks are written after the records: after a crash in between, the
 * agent sends the records again, and they overwrite the same points.
 */
export function influxRecords(
  influx: () => InfluxClient,
  appends: SerialQueue,
): RecordMethods & { load(): Promise<void> } {
  let marks = new Map<string, HighWater>()
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
      const next = marksAfter(marks, parts)
      await influx().write([...next].map(([agentId, mark]) => markPoint(agentId, mark)))
      for (const [agentId, mark] of next) marks.set(agentId, mark)
    })
  const readMarks = async () => new Map((await influx().rows('SELECT * FROM highWater')).map(markOf))
  return {
    /** Reads the marks; call it when the client is open, before the first append. */
    async load() {
      marks = await readMarks()
    },
    append: (agentId, mark, records) => appendAll([{ agentId, mark, records }]),
    appendAll,
    highWaters: readMarks,
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
