import { ProgramSchema } from '../../../protocol/program.ts'
import { HOUR_MS } from '../../../protocol/units.ts'
import type { Lease, LeaseStore } from '../../plugin/lease-store.ts'
import type { InfluxClient } from './client.ts'
import { literal } from './influxql.ts'
import { point, text } from './measurements.ts'

const KEPT_MS = 2 * HOUR_MS

/** Which collectors use the database. Each has one point an hour, so that no retention takes it away; the newest counts. */
export const influxLeases = (influx: () => InfluxClient, nowMs: () => number = Date.now): LeaseStore => ({
  writeLease: ({ program, beat, serves }) =>
    influx().write([
      point(
        'lease',
        Math.floor(nowMs() / HOUR_MS) * HOUR_MS,
        { instance: program.instance },
        { text: JSON.stringify(program), beat, ...(serves === undefined ? {} : { serves: Number(serves) }) },
      ),
    ]),
  removeLease: (instance) => influx().remove([`DELETE FROM lease WHERE instance = ${literal(instance)}`]),
  async leases() {
    const rows = await influx().rows(`SELECT * FROM lease WHERE time > ${nowMs() - KEPT_MS}ms`)
    const newest = new Map<string, Lease>()
    for (const row of rows) {
      const program = ProgramSchema.safeParse(parsed(text(row['text'])))
      if (!program.success) continue
      const serves = row['serves']
      newest.set(program.data.instance, {
        program: program.data,
        beat: Number(row['beat']),
        ...(serves === null || serves === undefined ? {} : { serves: Number(serves) === 1 }),
      })
    }
    return [...newest.values()]
  },
})

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
