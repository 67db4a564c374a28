import { z } from 'zod'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { explainZodError } from '../../protocol/kit/explain.ts'
import { DurationMsSchema } from '../../protocol/kit/fields.ts'
import {
  addressGuard,
  CidrSchema,
  exchange,
  literalAddress,
  retryAfter,
} from '../../protocol/kit/outbound.ts'
import { withDeadline } from '../../protocol/kit/retry.ts'
import type { FeedContext } from '../plugin/feed.ts'

/** How feeds ask over HTTP: guarded, bounded, without following redirects, and with errors that say what to do. */

const MAX_BYTES = 4 * 2 ** 20
const SAID_CHARS = 120

/** It is asked too much, and said for how long to leave it alone. */
export class ThrottledError extends PerwattError {
  readonly retryAfterMs: number

  constructor(message: string, retryAfterMs: number) {
    super('throttled', message)
    this.retryAfterMs = retryAfterMs
  }
}

/** A price as JSON has it, a number or the text of one. */
export const AmountSchema = z.union([
  z.number(),
  z
    .string()
    .regex(/^\s*-?\d+(\.\d+)?([eE][+-]?\d+)?\s*$/, 'expected a number')
    .transform(Number),
])

export const AllowPrivateSchema = z
  .array(CidrSchema)
  .default([])
  .describe('private ranges that this feed may be in, such as 10.20.0.0/16; public ones need none')

export const pollSchema = (fallback: string) =>
  DurationMsSchema.prefault(fallback).describe(
    `how often it is asked, ${fallback} where absent; not heard for three of these, a price is stale`,
  )

/** Refuses at the start what the guard would refuse later, and credentials that logs would show. */
export function checkUrl(url: string, allowPrivate: readonly string[]): string | undefined {
  const { username, password } = new URL(url)
  if (username || password) return 'holds a user or a password; they have settings of their own'
  const literal = literalAddress(url)
  return literal && addressGuard(allowPrivate)(literal)
}

export const refineUrl = (
  { url, allowPrivate }: { url: string; allowPrivate: readonly string[] },
  ctx: z.core.$RefinementCtx,
): void => {
  const message = checkUrl(url, allowPrivate)
  if (message) ctx.addIssue({ code: 'custom', path: ['url'], message })
}

export interface FeedRequest {
  url: string
  headers?: Record<string, string>
  /** posted as JSON; a GET without one */
  body?: unknown
}

/** What a feed asks with. Every call rejects with a PerwattError of one line; the signal carries the deadline. */
export interface FeedClient {
  text(request: FeedRequest, signal: AbortSignal): Promise<string>
  json<T extends z.ZodType>(request: FeedRequest, schema: T, signal: AbortSignal): Promise<z.output<T>>
}

export function feedClient(
  { version, nowMs, requestMs }: Pick<FeedContext, 'version' | 'nowMs' | 'requestMs'>,
  allowPrivate: readonly string[],
): FeedClient {
  const guard = addressGuard(allowPrivate)
  const text: FeedClient['text'] = async ({ url, headers, body }, signal) => {
    const posted = body === undefined ? undefined : JSON.stringify(body)
    const asked = {
      'user-agent': `perwatt/${version}`,
      ...(posted === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    }
    const request = {
      url,
      headers: asked,
      guard,
      maxBytes: MAX_BYTES,
      ...(posted === undefined ? {} : { method: 'POST' as const, body: posted }),
    }
    const answer = await withDeadline((own) => exchange(request, own), requestMs, signal).catch((error) => {
      if (error instanceof PerwattError) throw error
      throw new PerwattError('unreachable', `${shown(url)}: ${reasonOf(error)}`)
    })
    const afterMs = retryAfter(answer.headers['retry-after'], nowMs())
    refuse(answer.status, answer.text, shown(url), afterMs)
    return answer.text
  }
  return {
    text,
    async json(request, schema, signal) {
      const said = await text(request, signal)
      return parsed(said, schema, shown(request.url))
    },
  }
}

/** Where it was asked; a query may hold a key. */
const shown = (url: string): string => {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}

function refuse(status: number, text: string, where: string, afterMs: number | undefined): void {
  if (status === 200) return
  if (status === 429 || (status === 503 && afterMs !== undefined)) {
    const wait = afterMs === undefined ? 'asked less often' : `asked again in ${Math.ceil(afterMs / 1000)} s`
    throw new ThrottledError(
      `${where} answers ${status}, too many requests; it is ${wait}`,
      afterMs ?? 60_000,
    )
  }
  const next =
    status >= 300 && status < 400
      ? 'a redirect, which is not followed; configure the final address'
      : status === 401 || status === 403
        ? 'it wants a credential, or another one'
        : status === 404
          ? 'check the path'
          : `it says: ${excerpt(text)}`
  throw new PerwattError('http-status', `${where} answers ${status}; ${next}`)
}

/** JSON text through a schema. @throws PerwattError `not-json` or `unexpected` */
function parsed<T extends z.ZodType>(text: string, schema: T, where: string): z.output<T> {
  let input: unknown
  try {
    input = JSON.parse(text)
  } catch {
    throw new PerwattError(
      'not-json',
      `${where} answers what is not JSON: ${excerpt(text)}; check the address`,
    )
  }
  return shaped(input, schema, where)
}

/** An answer, or a part of one, through a schema. @throws PerwattError `unexpected`, which says what of it is wrong */
export function shaped<T extends z.ZodType>(input: unknown, schema: T, where: string): z.output<T> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const [fault = 'another shape'] = explainZodError(result.error, input)
  throw new PerwattError('unexpected', `${where} answers another shape: ${fault}`)
}

const excerpt = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, SAID_CHARS) || 'nothing'
