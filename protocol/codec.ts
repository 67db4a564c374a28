import type { z } from 'zod'
import { explainZodError } from './kit/explain.ts'

/** A larger message is refused unparsed. A full batch of 500 devices is about a third of this. */
export const MAX_MESSAGE_BYTES = 1 << 20

export type Decoded<T> = { ok: true; value: T } | { ok: false; reason: string }

/** Parses a message as UTF-8 JSON through its schema. @returns the value, or the reason in one line; never throws */
export function decode<T extends z.ZodType>(schema: T, payload: Uint8Array): Decoded<z.output<T>> {
  if (payload.byteLength > MAX_MESSAGE_BYTES)
    return { ok: false, reason: `${payload.byteLength} bytes, at most ${MAX_MESSAGE_BYTES} are read` }
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch (error) {
    return { ok: false, reason: `not JSON: ${(error as Error).message}` }
  }
  const result = schema.safeParse(json)
  return result.success
    ? { ok: true, value: result.data }
    : { ok: false, reason: explainZodError(result.error, json)[0] ?? 'invalid' }
}

export const encode = (message: unknown): string => JSON.stringify(message)
