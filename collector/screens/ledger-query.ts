import { z } from '@hono/zod-openapi'
import { MINUTE_MS } from '../../protocol/units.ts'
import { GROUP_BYS, type LedgerQuery } from '../store.ts'
import { LedgerFigureSchema } from '../view.ts'

/** Figures in one answer; what a browser and a spreadsheet still open. */
const MAX_FIGURES = 50_000

const STEP_MS = { m: MINUTE_MS, h: 60 * MINUTE_MS, d: 1440 * MINUTE_MS } as const
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
  step: stepSchema
    .optional()
    .describe('width of a bucket; 1m where absent. Buckets begin at its multiples since 1970-01-01 UTC'),
  groupBy: z
    .enum(GROUP_BYS, { error: `expected one of ${GROUP_BYS.join(', ')}` })
    .optional()
    .describe('workload where absent'),
  format: z.enum(['json', 'csv'], { error: 'expected json or csv' }).optional(),
}

/** A fault of one parameter of a request. */
export interface Fault {
  parameter: string
  problem: string
}

/**
 * The ledger query that parsed parameters mean at `nowMs`, or what is wrong with them together.
 * `groups` says how many groups there are now, so that the size is known before the store is asked.
 */
export function readLedgerQuery(
  p: {
    from?: string | undefined
    to?: string | undefined
    step?: string | undefined
    groupBy?: LedgerQuery['groupBy'] | undefined
  },
  nowMs: number,
  groups: (by: LedgerQuery['groupBy']) => number,
): LedgerQuery | Fault[] {
  const minute = (ms: number, round: (x: number) => number) => round(ms / MINUTE_MS) * MINUTE_MS
  const toMs = p.to ? minute(Date.parse(p.to), Math.ceil) : minute(nowMs, Math.floor)
  const fromMs = p.from ? minute(Date.parse(p.from), Math.floor) : toMs - 60 * MINUTE_MS
  if (fromMs >= toMs) {
    const end = new Date(toMs).toISOString()
    return [{ parameter: 'from', problem: `expected a time before \`to\`, which is ${end}` }]
  }
  const stepMs = stepMsOf(p.step ?? '1m')
  const groupBy = p.groupBy ?? 'workload'
  const buckets = Math.ceil((toMs - fromMs) / stepMs)
  const count = Math.max(1, groups(groupBy))
  if (buckets * count > MAX_FIGURES) {
    const sum = `${buckets} buckets x ${count} of ${groupBy}`
    const problem = `this asks for ${sum}, and one answer holds at most ${MAX_FIGURES} figures; take a wider step or a shorter time`
    return [{ parameter: 'step', problem }]
  }
  return { fromMs, toMs, stepMs, groupBy }
}

const COLUMNS = Object.keys(LedgerFigureSchema.shape) as (keyof z.infer<typeof LedgerFigureSchema>)[]
const cell = (value: string | number | undefined) =>
  typeof value === 'string' && /[",\r\n]/.test(value)
    ? `"${value.replaceAll('"', '""')}"`
    : String(value ?? '')

/** The ledger as CSV (RFC 4180): base units, ISO 8601 times, an empty cell where a figure is unknown. */
export const ledgerCsv = (figures: readonly z.infer<typeof LedgerFigureSchema>[]): string =>
  [COLUMNS.join(','), ...figures.map((f) => COLUMNS.map((c) => cell(f[c])).join(',')), ''].join('\r\n')
