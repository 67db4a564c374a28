import type { z } from 'zod'
import { check } from './kit/checker.ts'
import { explainIssue } from './kit/explain.ts'

/** A larger message is refused unparsed. A full batch of 500 devices is about a third of this. */
export const MAX_MESSAGE_BYTES = 1 << 20

const utf8 = new TextDecoder('utf-8', { fatal: true })

export type Decoded<T> = { ok: true; value: T } | { ok: false; reason: string }

/** No message is as deep: owners of holders of devices. JSON.parse needs 150 ms for a megabyte of brackets. */
const MOST_DEPTH = 16
/** A shorter one is parsed at once whatever is in it. */
const SCANNED_BYTES = 64 * 2 ** 10

/** Parses a message as UTF-8 JSON through its schema, up to its first fault. @returns the value, or the reason in one line; never throws */
export function decode<T extends z.ZodType>(schema: T, payload: Uint8Array): Decoded<z.output<T>> {
  if (payload.byteLength > MAX_MESSAGE_BYTES)
    return { ok: false, reason: `${payload.byteLength} bytes, at most ${MAX_MESSAGE_BYTES} are read` }
  if (payload.byteLength > SCANNED_BYTES && isDeep(payload))
    return { ok: false, reason: `its lists are nested more than ${MOST_DEPTH} deep` }
  let json: unknown
  try {
    json = JSON.parse(utf8.decode(payload))
  } catch (error) {
    return { ok: false, reason: `not JSON: ${(error as Error).message}` }
  }
  const result = check(schema, json)
  return result.ok ? result : { ok: false, reason: explainIssue(result.issue, json) }
}

const [BRACKET, BRACE, END_BRACKET, END_BRACE, QUOTE, BACKSLASH] = [...'[{]}"\\'].map((c) => c.charCodeAt(0))

function isDeep(payload: Uint8Array): boolean {
  let depth = 0
  for (let i = 0; i < payload.length; i++) {
    const byte = payload[i]
    if (byte === QUOTE) i = endOfText(payload, i)
    else if (byte === BRACKET || byte === BRACE) {
      if (++depth > MOST_DEPTH) return true
    } else if (byte === END_BRACKET || byte === END_BRACE) depth--
  }
  return false
}

/** Where the text ends that begins at `from`; the last byte where it does not end. */
function endOfText(payload: Uint8Array, from: number): number {
  for (let i = from + 1; i < payload.length; i++) {
    if (payload[i] === BACKSLASH) i++
    else if (payload[i] === QUOTE) return i
  }
  return payload.length
}

export const encode = (message: unknown): string => JSON.stringify(message)
