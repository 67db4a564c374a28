import type { z } from 'zod'
import { check } from './kit/checker.ts'
import { explainIssue } from './kit/explain.ts'

/** A larger message is refused unparsed. A full batch of 500 devices is about a third of this. */
export const MAX_MESSAGE_BYTES = 1 << 20

const utf8 = new TextDecoder('utf-8', { fatal: true })

export type Decoded<T> = { ok: true; value: T } | { ok: false; reason: string }

/** What the JSON of a message may be made of, counted before it is parsed: a megabyte of brackets or of tiny objects takes JSON.parse 100 ms and more. */
export interface Make {
  /** lists and objects within each other */
  depth: number
  /** lists and objects in all */
  containers: number
  objects: number
  /** names before a colon */
  fields: number
}
/** Twice and more of a whole batch: 500 devices with 64 holders each, 2,000 owners with 16 facts. */
const OF_A_BATCH: Make = { depth: 16, containers: 40_000, objects: 4_096, fields: 36_000 }
/** An inventory is a list of objects as long as its agent's devices. */
export const OF_AN_INVENTORY: Make = { depth: 16, containers: 2 ** 17, objects: 2 ** 17, fields: 2 ** 20 }
/** A shorter one is parsed at once whatever is in it. */
const COUNTED_BYTES = 64 * 2 ** 10

/** Parses a message as UTF-8 JSON through its schema, up to its first fault. @returns the value, or the reason in one line; never throws */
export function decode<T extends z.ZodType>(
  schema: T,
  payload: Uint8Array,
  most: Make = OF_A_BATCH,
): Decoded<z.output<T>> {
  if (payload.byteLength > MAX_MESSAGE_BYTES)
    return { ok: false, reason: `${payload.byteLength} bytes, at most ${MAX_MESSAGE_BYTES} are read` }
  const over = payload.byteLength > COUNTED_BYTES ? beyond(payload, most) : undefined
  if (over !== undefined) return { ok: false, reason: over }
  let json: unknown
  try {
    json = JSON.parse(utf8.decode(payload))
  } catch (error) {
    return { ok: false, reason: `not JSON: ${(error as Error).message}` }
  }
  const result = check(schema, json)
  return result.ok ? result : { ok: false, reason: explainIssue(result.issue, json) }
}

const [BRACKET, BRACE, END_BRACKET, END_BRACE, QUOTE, BACKSLASH, COLON] = [...'[{]}"\\:'].map((c) =>
  c.charCodeAt(0),
)

/** What the JSON has too much of; undefined: nothing. It ends there, so it costs no more than what is allowed. */
function beyond(payload: Uint8Array, most: Make): string | undefined {
  let depth = 0
  let lists = 0
  let objects = 0
  let fields = 0
  for (let i = 0; i < payload.length; i++) {
    const byte = payload[i]
    if (byte === QUOTE) i = endOfText(payload, i)
    else if (byte === BRACKET || byte === BRACE) {
      if (byte === BRACE) objects++
      else lists++
      if (++depth > most.depth) return `its lists are nested more than ${most.depth} deep`
      if (objects > most.objects) return `it has more than ${most.objects} objects`
      if (lists + objects > most.containers) return `it has more than ${most.containers} lists and objects`
    } else if (byte === END_BRACKET || byte === END_BRACE) depth--
    else if (byte === COLON && ++fields > most.fields) return `it has more than ${most.fields} fields`
  }
  return undefined
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
