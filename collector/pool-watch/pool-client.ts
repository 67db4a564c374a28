import type { z } from 'zod'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { explainZodError } from '../../protocol/kit/explain.ts'
import { type AddressGuard, type Answer, exchange, retryAfter } from '../../protocol/kit/outbound.ts'
import type { Ask, Pool } from '../plugin/pool.ts'
import { ThrottledError } from '../prices/feed-http.ts'

/** A fleet's list of workers is the longest answer: some 200 bytes a machine. */
const MAX_BYTES = 16 * 2 ** 20
const SAID_CHARS = 160

export interface PoolClientOptions {
  pool: Pick<Pool, 'requests' | 'spacingMs' | 'keyHelp' | 'refusal'>
  url: string
  guard: AddressGuard
  nowMs: () => number
  /** waits; resolves with false where the signal ended the wait */
  pause: (ms: number, signal: AbortSignal) => Promise<boolean>
}

/** What a pool's file asks with: one request at a time, no faster than the pool wants, and only those that it declares. */
export function createAsk(options: PoolClientOptions): Ask {
  const { pool, url, guard, nowMs, pause } = options
  const patterns = pool.requests.map((ask) => ({ ask, pattern: patternOf(ask) }))
  let freeMs = 0
  return async (request, schema, signal) => {
    const { method = 'GET', path, query, headers = {}, json, form } = request
    const declared = patterns.find(({ pattern }) => pattern.test(`${method} ${path}`))
    if (!declared)
      throw new PerwattError('not-declared', `${method} ${path} is not among the pool's requests`)
    // never longer, however the clock was set meanwhile
    const waitMs = Math.min(freeMs - nowMs(), pool.spacingMs)
    if (waitMs > 0) await pause(waitMs, signal)
    signal.throwIfAborted()
    const body = json === undefined ? form && new URLSearchParams(form).toString() : JSON.stringify(json)
    const type = json === undefined ? 'application/x-www-form-urlencoded' : 'application/json'
    const search = query ? `?${new URLSearchParams(query)}` : ''
    try {
      const answer = await exchange(
        {
          url: `${url.replace(/\/$/, '')}${path}${search}`,
          method,
          headers: {
            accept: 'application/json',
            'user-agent': 'perwatt',
            ...(body === undefined ? {} : { 'content-type': type }),
            ...headers,
          },
          ...(body === undefined ? {} : { body }),
          guard,
          maxBytes: MAX_BYTES,
        },
        signal,
      )
      return read(answer, { what: declared.ask, pool, nowMs: nowMs() }, schema)
    } finally {
      freeMs = nowMs() + pool.spacingMs
    }
  }
}

const patternOf = (ask: string): RegExp =>
  new RegExp(
    `^${ask
      .split('*')
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('[^/]+')}$`,
  )

/** What the pool said, short, and without anything as long as a key: some repeat the one that they refuse. */
const quoted = (text: string): string =>
  text
    .slice(0, 4 * SAID_CHARS)
    .replace(/[A-Za-z0-9+/_-]{20,}=*/g, '[...]')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, SAID_CHARS)

/** The answer's JSON through the schema, or what is wrong with it and what to do next. */
function read<T extends z.ZodType>(
  { status, headers, text }: Answer,
  { what, pool, nowMs }: { what: string; pool: PoolClientOptions['pool']; nowMs: number },
  schema: T,
): z.output<T> {
  const isPage = /^\s*</.test(text)
  const said = text && !isPage ? ` (${quoted(text)})` : ''
  if (status === 401 || status === 403)
    throw new PerwattError(
      'key-refused',
      `${what} answers ${status}${said}: the key is refused; ${pool.keyHelp}`,
    )
  const afterMs = retryAfter(headers['retry-after'], nowMs)
  if (status === 429 || (status === 503 && afterMs !== undefined))
    throw new ThrottledError(
      `${what} answers ${status}, too many requests; it is asked again later`,
      afterMs ?? 0,
    )
  if (status >= 300 && status < 400)
    throw new PerwattError(
      'redirected',
      `${what} answers ${status}, a redirect, which is not followed; set url to the final address`,
    )
  if (status < 200 || status > 299) {
    const next = status < 500 ? 'check the account and the url' : 'the pool has trouble, it is asked again'
    throw new PerwattError('http-status', `${what} answers ${status}${said}; ${next}`)
  }
  let input: unknown
  try {
    input = JSON.parse(text)
  } catch {
    const kind = isPage ? 'a web page' : text === '' ? 'nothing' : 'something'
    throw new PerwattError(
      'not-json',
      `${what} answers ${kind} that is not JSON; check the url, and what stands between (a proxy, a challenge for browsers)`,
    )
  }
  const refusal = pool.refusal?.(input)
  if (refusal !== undefined)
    throw new PerwattError('refused', `${what} is refused (${quoted(refusal)}); ${pool.keyHelp}`)
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const [fault = 'is not what the pool documents'] = explainZodError(parsed.error, input)
  throw new PerwattError('unexpected', `${what}: ${fault}; the pool may have changed its API`)
}
