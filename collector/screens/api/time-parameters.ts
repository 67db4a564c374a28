import { z } from '@hono/zod-openapi'
import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'

export const DAY_MS = 24 * HOUR_MS
const STEP_MS = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const

const withSeconds = (text: string): string => text.replace(/(T\d{2}:\d{2})(?=Z|[+-])/, '$1:00')

/** A time of a request: ISO 8601 with its zone; seconds may be left out. */
export const timeSchema = z
  .string()
  .refine((text) => z.iso.datetime({ offset: true }).safeParse(withSeconds(text)).success, {
    error: 'expected an ISO 8601 time with its zone, such as 2026-01-31T12:00Z (in a URL write + as %2B)',
  })
  .meta({ format: 'date-time' })

/** Width of a bucket in a request: whole minutes, hours or days, such as `5m`. */
export const stepSchema = z
  .string()
  .regex(/^[1-9]\d{0,4}[mhd]$/, 'expected whole minutes, hours or days, such as 1m, 5m, 1h or 1d')

/** Width of a bucket, ms, for a step that `stepSchema` has checked. */
export const stepMsOf = (step: string): number =>
  Number.parseInt(step, 10) * STEP_MS[step.slice(-1) as keyof typeof STEP_MS]
