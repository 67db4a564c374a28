import { counted } from '../../../protocol/kit/counted.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { RECORDS_GONE, SETTLING_GONE } from '../../plugin/audit-store.ts'
import type { Connection } from './connection.ts'

/** The minutes of the fresh file whose ledger counts more records than are in it. */
const LOST = `(SELECT minuteMs FROM (SELECT minuteMs, sum(intervals) AS settled FROM ledger GROUP BY 1)
  LEFT JOIN (SELECT startMs - startMs % ${MINUTE_MS} AS minuteMs, count(*) AS stored FROM interval GROUP BY 1) USING (minuteMs)
  WHERE settled > coalesce(stored, 0))`

/**
 * Minutes with a ledger whose word how they were settled can't be read keep their figures: they get one that says so, with the rules
 * of their time, so that no start settles them by other prices. @returns what a person has to know, a sentence a line
 */
export async function settlementsAgain(writer: Connection, nowMs: number): Promise<string[]> {
  const minutes = await writer.query<{ minuteMs: number }>(
    `INSERT INTO settlement (minuteMs, revision, settledMs, terms, quotes, missing, causes)
     SELECT minuteMs, 1, minuteMs + ${MINUTE_MS}, coalesce(arg_max(version, fromMs), ''), '[]', '', $causes
     FROM (SELECT DISTINCT minuteMs FROM ledger ANTI JOIN settlement USING (minuteMs)) AS own
     LEFT JOIN terms ON terms.fromMs < own.minuteMs + ${MINUTE_MS} GROUP BY minuteMs RETURNING minuteMs`,
    { causes: JSON.stringify([{ atMs: nowMs, why: SETTLING_GONE }]) },
  )
  if (minutes.length === 0) return []
  return [
    `with which prices ${counted(minutes.length, 'minute')} ${minutes.length === 1 ? 'was' : 'were'} settled is lost: the figures stay; what comes late for them, and what explain shows, is by the prices that are known of their time, without what a reprice had corrected`,
  ]
}

/** Marks the minutes that were settled from records that are lost now: they stay as they were. @returns what a person has to know */
export async function markLost(writer: Connection, nowMs: number): Promise<string[]> {
  const cause = JSON.stringify({ atMs: nowMs, why: RECORDS_GONE })
  const minutes = await writer.query<{ minuteMs: number }>(
    `UPDATE settlement SET causes = CASE WHEN coalesce(causes, '') IN ('', '[]') THEN '[' || $cause || ']'
       ELSE left(causes, length(causes) - 1) || ',' || $cause || ']' END
     WHERE minuteMs IN ${LOST} RETURNING minuteMs`,
    { cause },
  )
  if (minutes.length === 0) return []
  return [
    `${counted(minutes.length, 'minute')} that ${minutes.length === 1 ? 'was' : 'were'} settled from records that are lost ${minutes.length === 1 ? 'stays' : 'stay'} as settled, and can’t be priced again`,
  ]
}

/** Of these minutes, those whose records are all there to settle them again from. */
export async function withoutLost(writer: Connection, minutes: readonly number[]): Promise<number[]> {
  const lost = await writer.query<{ minuteMs: number }>(
    `SELECT minuteMs FROM ${LOST} WHERE minuteMs IN (SELECT unnest($minutes))`,
    { minutes },
  )
  const gone = new Set(lost.map(({ minuteMs }) => minuteMs))
  return minutes.filter((minute) => !gone.has(minute))
}
