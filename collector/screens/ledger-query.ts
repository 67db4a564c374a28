import { z } from '@hono/zod-openapi'
import { HOUR_MS, MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { FIGURE_GROUPS, type FigureGroup, type FigureQuery } from '../views/figures.ts'

/** Figures in one answer of JSON, which is built whole. */
const MAX_FIGURES = 50_000

const DAY_MS = 24 * HOUR_MS
const STEP_MS = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const
/** A clock that goes before ours may have settled so far ahead; a time without end would never be written. */
const AHEAD_MS = DAY_MS
export const timeSchema = z.iso.datetime({
  offset: true,
  error:
    'expected an ISO 8601 time with its zone, such as 2026-01-31T12:00:00Z (in an address write + as %2B)',
})

export const stepSchema = z
  .string()
  .regex(/^[1-9]\d{0,4}[mhd]$/, 'expected whole minutes, hours or days, such as 1m, 5m, 1h or 1d')
/** Width of a bucket, ms. */
export const stepMsOf = (step: string): number =>
  Number.parseInt(step, 10) * STEP_MS[step.slice(-1) as keyof typeof STEP_MS]

export const ledgerParameters = {
  from: timeSchema.optional().describe('begin, cut to its minute; an hour before `to` where absent'),
  to: timeSchema.optional().describe('end, rounded up to a minute; now where absent'),
  step: z
    .string()
    .regex(
      /^([1-9]\d{0,4}[mhd]|day|month)$/,
      'expected whole minutes, hours or days of UTC, such as 1m, 5m, 1h or 1d, or day or month of the site’s time zone',
    )
    .optional()
    .describe(
      'width of a bucket; 1m where absent. Buckets begin at its multiples since 1970-01-01 UTC; day and month are those of the site’s time zone',
    ),
  groupBy: z
    .enum(FIGURE_GROUPS, { error: `expected one of ${FIGURE_GROUPS.join(', ')}` })
    .optional()
    .describe('workload where absent'),
  format: z
    .enum(['json', 'csv'], { error: 'expected json or csv' })
    .optional()
    .describe('csv is written piece by piece, however long the time is'),
}

/** A fault of one parameter of a request. */
export interface Fault {
  parameter: string
  problem: string
}

/**
 * The ledger query that parsed parameters mean at `nowMs`, or what is wrong with them together.
 * @param groups says how many groups there are now, so that the size is known before the store is asked; absent: any size
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
    const problem = `this asks for ${sum}, and one answer holds at most ${MAX_FIGURES} figures; take a wider step, a shorter time, or format=csv`
    return [{ parameter: 'step', problem }]
  }
  return { fromMs, toMs, stepMs, groupBy }
}
