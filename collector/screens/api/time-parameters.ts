import { z } from '@hono/zod-openapi'
import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'

export const DAY_MS = 24 * HOUR_MS
const STEP_MS = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const

/** A time of a request: ISO 8601 with its zone. */
export const timeSchema = z.iso.datetime({
  offset: true,
  error: 'expected an ISO 8601 time with its zone, such as 2026-01-31T12:00:00Z (in a URL write + as %2B)',
})

/** Width of a bucket in a request: whole minutes, hours or days, such as `5m`. */
export const stepSchema = z
  .string()
  .regex(/^[1-9]\d{0,4}[mhd]$/, 'expected whole minutes, hours or days, such as 1m, 5m, 1h or 1d')

/** Width of a bucket, ms, for a step that `stepSchema` has checked. */
export const stepMsOf = (step: string): number =>
  Number.parseInt(step, 10) * STEP_MS[step.slice(-1) as keyof typeof STEP_MS]
