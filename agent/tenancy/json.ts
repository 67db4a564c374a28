import type { z } from 'zod'

/** A text as JSON of a shape; undefined where it is not JSON, or of another. */
export function parseAs<T extends z.ZodType>(schema: T, text: string): z.output<T> | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  return schema.safeParse(json).data
}
