import type { MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { problem } from './route.ts'

/** `application/json` and its kin, with any parameters (RFC 8259, RFC 6839). */
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i

/** Every body of the API is JSON and says so: 415 otherwise. A request without a body has no type. */
export const jsonBodies: MiddlewareHandler = async (c, next) => {
  const type = c.req.header('content-type')
  if (c.req.method !== 'POST' || (type !== undefined && JSON_TYPE.test(type))) return next()
  const sent = type === undefined ? 'none is given' : `this is ${type.slice(0, 100)}`
  return c.json(
    problem('not_json', `send the body as JSON, with content-type: application/json; ${sent}`),
    415,
  )
}

/** It asks and changes nothing. */
const QUESTION = '/api/v1/whatif'

/**
 * Refuses changes while another collector serves the site: they would be made here, where nobody sees them.
 * @param first that other collector, for a person
 */
export const notOnStandby =
  (first: () => string | undefined): MiddlewareHandler =>
  async (c, next) => {
    const other = c.req.method === 'POST' && c.req.path !== QUESTION ? first() : undefined
    if (other === undefined) return next()
    const why = `this collector stands by for another one of this site, ${other}; ask that one`
    return c.json(problem('stands_by', why), 503)
  }

const STATUSES = [400, 413, 415] as const

/** The answer to a request that can't be read, by the fault that reading it threw; undefined where the collector is at fault. */
export function refusalOf(
  error: unknown,
): { status: (typeof STATUSES)[number]; body: ReturnType<typeof problem> } | undefined {
  if (!(error instanceof HTTPException)) return undefined
  const status = STATUSES.find((code) => code === error.status)
  if (status === undefined) return undefined
  const why = error.message || 'the request can’t be read'
  return { status, body: problem('bad_body', `${why}; send one JSON object, as /openapi.json describes it`) }
}
