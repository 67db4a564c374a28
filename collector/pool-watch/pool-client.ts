import type { z } from 'zod'
import { PerwattError } from '../../protocol/kit/errors.ts'
import type { AddressGuard } from '../../protocol/kit/http/address-guard.ts'
import { excerpt, type HttpAnswer } from '../../protocol/kit/http/answer.ts'
import { exchange } from '../../protocol/kit/http/client.ts'
import { jsonOf, shaped } from '../../protocol/kit/http/json.ts'
import { statusError } from '../../protocol/kit/http/refusals.ts'
import type { Ask, Pool } from '../plugin/pool.ts'

/** A fleet's list of workers is the longest answer: some 200 bytes a machine. */
const MAX_BYTES = 16 * 2 ** 20

export interface PoolClientOptions {
  pool: Pick<Pool, 'requests' | 'spacingMs' | 'keyHelp' | 'refusal'>
  url: string
  guard: AddressGuard
  nowMs: () => number
  /** waits; resolves with false where the signal ended the wait */
  pause: (ms: number, signal: AbortSignal) => Promise<boolean>
}

/** A pool's client: it keeps the pool's spacing between two requests, and sends only requests that the pool's file declares. */
export function createAsk(options: PoolClientOptions): Ask {
  const { pool, url, guard, nowMs, pause } = options
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
    try {
      const answer = await exchange(`${url.replace(/\/$/, '')}${path}${search}`, {
        signal,
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
      return read(answer, { what: declared.ask, pool, nowMs: nowMs() }, schema)
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
