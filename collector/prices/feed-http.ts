import { z } from 'zod'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { durationMs } from '../../protocol/kit/fields.ts'
import { addressGuard, CidrSchema, literalAddress } from '../../protocol/kit/http/address-guard.ts'
import { exchange } from '../../protocol/kit/http/client.ts'
import { jsonOf, shaped } from '../../protocol/kit/http/json.ts'
import { noConnection, refuseStatus } from '../../protocol/kit/http/refusals.ts'
import { withDeadline } from '../../protocol/kit/retry.ts'
import { shownUrl } from '../../protocol/kit/shown-url.ts'
import type { FeedContext } from '../plugin/feed.ts'

/** How feeds ask over HTTP: every request is guarded, bounded in time and size, and redirects are not followed. */

/** The only way of a feed to HTTP is this file, so a feed's file needs it for the parts of an answer, too. */
export { shaped }

const MAX_BYTES = 4 * 2 ** 20

/** A price in JSON: a number, or the text of one. */
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
  .describe('private ranges that this feed may be in, such as 10.20.0.0/16; a public address needs none')

export const pollSchema = (fallback: string) =>
  durationMs('1s', '7d')
    .prefault(fallback)
    .describe(
      `how often it is asked, ${fallback} where absent; a price that is older than three of these is stale`,
    )

/** @returns what the guard would refuse later, or that the address holds credentials, which logs would show; else undefined */
export function checkUrl(url: string, allowPrivate: readonly string[]): string | undefined {
  const { username, password } = new URL(url)
  if (username || password) return 'holds a user or a password; use the settings for them instead'
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

/** A feed's HTTP client. Each call rejects with a PerwattError of one line; `signal` ends it early. */
export interface FeedClient {
  text(request: FeedRequest, signal: AbortSignal): Promise<string>
  json<T extends z.ZodType>(request: FeedRequest, schema: T, signal: AbortSignal): Promise<z.output<T>>
}

export function feedClient(
  { version, nowMs, requestMs, onDate }: Pick<FeedContext, 'version' | 'nowMs' | 'requestMs' | 'onDate'>,
  allowPrivate: readonly string[],
): FeedClient {
  const guard = addressGuard(allowPrivate)
  const text: FeedClient['text'] = async ({ url, headers, body }, signal) => {
    const posted = body === undefined ? undefined : JSON.stringify(body)
    const request = {
      headers: {
        'user-agent': `perwatt/${version}`,
        ...(posted !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(posted !== undefined && { method: 'POST' as const, body: posted }),
      guard,
      maxBytes: MAX_BYTES,
    }
    const where = shownUrl(url)
    const ask = (own: AbortSignal) => exchange(url, { ...request, signal: own })
    const askedMs = performance.now()
    const answer = await withDeadline(ask, requestMs, signal).catch((error) => {
      throw error instanceof PerwattError ? error : noConnection(error, where, false)
    })
    const dateMs = dateOf(answer.headers)
    if (dateMs !== undefined) onDate?.(new URL(url).host, dateMs, performance.now() - askedMs)
    refuseStatus(answer, { where, nowMs: nowMs() })
    return answer.text
  }
  return {
    text,
    async json(request, schema, signal) {
      const where = shownUrl(request.url)
      return shaped(jsonOf(await text(request, signal), where), schema, where)
    },
  }
}

/** The server's time in an answer, Unix ms. A cache on the way says how old the answer is (RFC 9111, 5.1); undefined where it says neither. */
export function dateOf({ date = '', age = '0' }: Readonly<Record<string, string>>): number | undefined {
  const ms = Date.parse(date) + 1000 * Number(age)
  return Number.isFinite(ms) ? ms : undefined
}
