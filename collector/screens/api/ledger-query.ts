import { z } from '@hono/zod-openapi'
import { MINUTE_MS, minuteOf } from '../../../protocol/units.ts'
import { FIGURE_GROUPS, type FigureGroup, type FigureQuery } from '../../views/figures.ts'
import type { Fault } from './route.ts'
import { DAY_MS, stepMsOf, timeSchema } from './time-parameters.ts'

/** Most figures in one JSON answer: it is built in memory as a whole. */
const MAX_FIGURES = 50_000

/** Minutes may be settled this far ahead, by an agent whose clock is fast. An answer without an end would never be complete. */
const AHEAD_MS = DAY_MS
export const ledgerParameters = {
  from: timeSchema.optional().describe('begin, rounded down to its minute; an hour before `to` where absent'),
  to: timeSchema.optional().describe('end, rounded up to a minute; now where absent'),
  step: z
    .string()
    .regex(
      /^([1-9]\d{0,4}[mhd]|day|month)$/,
      'expected whole minutes, hours or days of UTC, such as 1m, 5m, 1h or 1d, or day or month of the site’s time zone',
    )
    .optional()
    .describe(
      'width of a bucket; 1m where absent. Buckets begin at multiples of it since 1970-01-01 UTC; day and month are those of the site’s time zone',
    ),
  groupBy: z
    .enum(FIGURE_GROUPS, { error: `expected one of ${FIGURE_GROUPS.join(', ')}` })
    .optional()
    .describe('workload where absent'),
  format: z
    .enum(['json', 'csv'], { error: 'expected json or csv' })
    .optional()
    .describe('csv is streamed, and has no limit of length'),
}

/**
 * The ledger query for parsed parameters at `nowMs`, or the faults that no single parameter shows.
 * @param groups how many groups there are now, to know the size of the answer before the store is queried; absent: no limit
 */
export function readLedgerQuery(
  p: {
    from?: string | undefined
    to?: string | undefined
    step?: string | undefined
    groupBy?: FigureGroup | undefined
  },
  nowMs: number,
  groups?: (by: FigureGroup) => number,
): FigureQuery | Fault[] {
  const minute = (ms: number, round: (x: number) => number) => round(ms / MINUTE_MS) * MINUTE_MS
  const toMs = p.to
    ? Math.min(minute(Date.parse(p.to), Math.ceil), minuteOf(nowMs + AHEAD_MS))
    : minuteOf(nowMs)
  const fromMs = p.from ? minute(Date.parse(p.from), Math.floor) : toMs - 60 * MINUTE_MS
  if (fromMs >= toMs) {
    const end = new Date(toMs).toISOString()
    return [{ parameter: 'from', problem: `expected a time before \`to\`, which is ${end}` }]
  }
  const step = p.step ?? '1m'
  const stepMs = step === 'day' || step === 'month' ? step : stepMsOf(step)
  const groupBy = p.groupBy ?? 'workload'
  if (!groups) return { fromMs, toMs, stepMs, groupBy }
  const buckets = Math.ceil((toMs - fromMs) / (typeof stepMs === 'number' ? stepMs : DAY_MS))
  const count = Math.max(1, groups(groupBy))
  if (buckets * count > MAX_FIGURES) {
    const sum = `${buckets} buckets x ${count} of ${groupBy}`
    const problem = `${sum} are more than the ${MAX_FIGURES} figures of one answer; use a wider step, a shorter time, or format=csv`
    return [{ parameter: 'step', problem }]
  }
  return { fromMs, toMs, stepMs, groupBy }
}
