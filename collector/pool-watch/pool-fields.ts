import { z } from 'zod'
import { type HashrateUnit, hashrateHs } from '../../protocol/units.ts'
import { AmountSchema } from '../prices/feed-http.ts'

/** Readers of pools' JSON, into base units. Pools write a number as a number or as text, and unknown as null. */

/** A number, or the text of one. */
export { AmountSchema as amount }

/** A field that may be missing, null or blank: undefined then. */
export const maybe = <T extends z.ZodType>(schema: T) =>
  z.preprocess(
    (value) => (typeof value === 'string' && value.trim() === '' ? undefined : value),
    schema
      .nullish()
      .transform((value): z.output<T> | undefined => (value === null ? undefined : (value as z.output<T>))),
  )

/** A field that is undefined where it can't be read either: in a list of workers, where the worker is then listed without a figure. */
export const loose = <T extends z.ZodType>(schema: T) =>
  z
    .unknown()
    .optional()
    .transform((value): z.output<T> | undefined => schema.safeParse(value).data)

/** Unix seconds, a number or the text of one, as Unix ms. */
export const unixS = AmountSchema.transform((s) => s * 1000)

/**
 * A time as text (ISO 8601, `2026-01-31 00:00:00` or a date alone) as Unix ms. Without a zone it is UTC, because pools settle by
 * UTC days.
 */
export const utcText = z.string().transform((text, ctx) => {
  const iso = text.trim().replace(' ', 'T')
  const ms = Date.parse(/T/.test(iso) && !/(Z|[+-]\d\d:?\d\d)$/.test(iso) ? `${iso}Z` : iso)
  if (Number.isFinite(ms)) return ms
  ctx.addIssue({ code: 'custom', message: 'expected a time such as 2026-01-31T00:00:00Z' })
  return z.NEVER
})

const UNIT = /^([kMGTPE]?)H(?:\/s)?$/i

/** A unit of hashrate, written as `Gh/s`, `TH/s` or `PH`. */
export const hashrateUnit = z.string().transform((text, ctx): HashrateUnit => {
  const [, prefix] = UNIT.exec(text.trim()) ?? []
  if (prefix !== undefined)
    return (
      prefix === '' ? 'H' : prefix === 'K' || prefix === 'k' ? 'kH' : `${prefix.toUpperCase()}H`
    ) as HashrateUnit
  ctx.addIssue({ code: 'custom', message: 'expected a unit of hashrate such as Gh/s' })
  return z.NEVER
})

/** A hashrate as text, `35.42 PH/s` or `1,035.42 TH/s`, in H/s; of 0 the unit does not matter. */
export const hashrateText = z.string().transform((text, ctx): number => {
  const [, number = '', unit = ''] =
    /^\s*(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*([A-Za-z/]*)\s*$/.exec(text) ?? []
  const value = Number(number.replaceAll(',', ''))
  const parsed = hashrateUnit.safeParse(unit)
  if (number && parsed.success) return hashrateHs(value, parsed.data)
  if (number && value === 0 && unit === '') return 0
  ctx.addIssue({ code: 'custom', message: 'expected a hashrate such as 35.42 PH/s' })
  return z.NEVER
})

export const SATOSHIS_PER_BTC = 1e8

const Refusal = z.object({
  code: z.number().refine((code) => code !== 0),
  message: z.string().optional(),
  msg: z.string().optional(),
})

/** The pool's own words where it answers `{ code, message }` or `{ code, msg }` with a code other than 0; else undefined. */
export function refusalByCode(answer: unknown): string | undefined {
  const { data } = Refusal.safeParse(answer)
  return data && `${data.code} ${data.message ?? data.msg ?? ''}`.trim()
}
