import type { z } from 'zod'
import { PerwattError } from '../../protocol/kit/errors.ts'
import type { AddressGuard } from '../../protocol/kit/http/address-guard.ts'
import { excerpt, type HttpAnswer } from '../../protocol/kit/http/answer.ts'
import { exchange } from '../../protocol/kit/http/client.ts'
import { jsonOf, shaped } from '../../protocol/kit/http/json.ts'
import { statusError } from '../../protocol/kit/http/refusals.ts'
import { deadlineOf, NoAnswer, withDeadline } from '../../protocol/kit/retry.ts'
import type { Ask, Pool } from '../plugin/pool.ts'
import { dateOf } from '../prices/feed-http.ts'

/** For one request, without the pause before it. */
const REQUEST_MS = 20_000
/** A read of this many requests, none of them answered, still ends within its own deadline. */
const MOST_REQUESTS = 6
/** A fleet's list of workers is the longest answer: some 200 bytes a machine. */
const MAX_BYTES = 16 * 2 ** 20

export interface PoolClientOptions {
  pool: Pick<Pool, 'requests' | 'spacingMs' | 'keyHelp' | 'refusal'>
  url: string
  guard: AddressGuard
  nowMs: () => number
  /** waits; resolves with false where the signal ended the wait */
  pause: (ms: number, signal: AbortSignal) => Promise<boolean>
  /** an answer says what time it is at its server, Unix ms. @param tookMs from the request to the answer */
  onDate?: ((host: string, dateMs: number, tookMs: number) => void) | undefined
}

/** A pool's client: it keeps the pool's spacing between two requests, and sends only requests that the pool's file declares. */
export function createAsk(options: PoolClientOptions): Ask {
  const { pool, url, guard, nowMs, pause, onDate } = options
  const patterns = pool.requests.map((ask) => ({ ask, pattern: patternOf(ask) }))
  let freeMs = 0
  return async (request, schema, signal) => {
    const { method = 'GET', path, query, headers = {}, json, form } = request
    const declared = patterns.find(({ pattern }) => pattern.test(`${method} ${path}`))
    if (!declared)
      throw new PerwattError('not-declared', `${method} ${path} is not among the pool's requests`)
    // at most one spacing, because the clock may have been set back meanwhile
    const waitMs = Math.min(freeMs - nowMs(), pool.spacingMs)
    if (waitMs > 0) await pause(waitMs, signal)
    signal.throwIfAborted()
    const body = json === undefined ? form && new URLSearchParams(form).toString() : JSON.stringify(json)
    const type = json === undefined ? 'application/x-www-form-urlencoded' : 'application/json'
    const search = query ? `?${searchOf(query)}` : ''
    const send = (within: AbortSignal) =>
      exchange(`${url.replace(/\/$/, '')}${path}${search}`, {
        signal: within,
        method,
        headers: {
          accept: 'application/json',
          'user-agent': 'perwatt',
          ...(body !== undefined && { 'content-type': type }),
          ...headers,
        },
        ...(body !== undefined && { body }),
        // a path may hold an account or a key
        where: new URL(url).origin,
        guard,
        maxBytes: MAX_BYTES,
      })
    const limitMs = Math.min(REQUEST_MS, (deadlineOf(signal)?.ms ?? Number.POSITIVE_INFINITY) / MOST_REQUESTS)
    try {
      const askedMs = performance.now()
      const answer = await withDeadline(send, limitMs, signal)
      const dateMs = dateOf(answer.headers)
      if (dateMs !== undefined) onDate?.(new URL(url).host, dateMs, performance.now() - askedMs)
      return read(answer, { what: declared.ask, pool, nowMs: nowMs() }, schema)
    } catch (error) {
      if (!(error instanceof NoAnswer) || signal.aborted) throw error
      throw new PerwattError(
        'no-answer',
        `${declared.ask}: ${error.message}; check whether the pool’s own page answers, and the network`,
      )
    } finally {
      freeMs = nowMs() + pool.spacingMs
    }
  }
}

const searchOf = (query: NonNullable<Parameters<Ask>[0]['query']>): URLSearchParams =>
  new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, one])),
  )

const patternOf = (ask: string): RegExp =>
  new RegExp(
    `^${ask
      .split('*')
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('[^/]+')}$`,
  )

/** The answer's JSON through the schema. @throws PerwattError with what to do next */
function read<T extends z.ZodType>(
  answer: HttpAnswer,
  { what, pool, nowMs }: { what: string; pool: PoolClientOptions['pool']; nowMs: number },
  schema: T,
): z.output<T> {
  if (answer.status < 200 || answer.status > 299)
    throw statusError(answer, { where: what, credential: pool.keyHelp, nowMs })
  const input = jsonOf(answer.text, what)
  const refusal = pool.refusal?.(input)
  if (refusal !== undefined)
    throw new PerwattError('refused', `${what} is refused (${excerpt(refusal)}); ${pool.keyHelp}`)
  return shaped(input, schema, what)
}
