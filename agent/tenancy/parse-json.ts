import type { z } from 'zod'

/** Parses a text as JSON and checks its shape; undefined where it is no JSON or has another shape. */
export function parseJsonAs<T extends z.ZodType>(schema: T, text: string): z.output<T> | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  return schema.safeParse(json).data
}
