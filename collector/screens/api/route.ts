import { createRoute, z } from '@hono/zod-openapi'
import { PerwattError, reasonOf } from '../../../protocol/kit/errors.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'

/** What all routes of the API share: how they declare parameters and answers, and what their errors look like. */

/** A fault of one parameter of a request. */
export interface Fault {
  parameter: string
  problem: string
}

export const ErrorSchema = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      details: z.array(z.object({ parameter: z.string(), problem: z.string() })).optional(),
    }),
  })
  .meta({ id: 'Error' })

/** The body of an error answer. */
export const problem = (code: string, message: string, details?: Fault[]): z.infer<typeof ErrorSchema> => ({
  error: { code, message, ...(details ? { details } : {}) },
})

/** Answer 403 to a request that would change money while anybody may send it. @param because what it would change, as a sentence's beginning */
export const needsToken = (because: string): z.infer<typeof ErrorSchema> =>
  problem('forbidden', `${because}: set http.token in the configuration, and send it`)

/** The body of a 400. */
export const badParameters = (faults: Fault[]) =>
  problem('bad_parameter', faults.map((f) => `${f.parameter}: ${f.problem}`).join('; '), faults)

/** Query parameters of a route. An unknown one is a fault, so that a typing error never widens an answer. */
export const parameters = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined
      const names = Object.keys(shape)
      return names.length > 0
        ? `there is no such parameter; there are ${names.join(', ')}`
        : 'there is no such parameter; this route takes none'
    },
  })
/** A route without parameters. */
export const none = parameters({})

/** A parameter for how many entries an answer holds at most. */
export const limitSchema = (fallback: number, most: number, order: string) =>
  z.coerce
    .number({ error: 'expected a whole number' })
    .int()
    .min(1)
    .max(most)
    .default(fallback)
    .describe(`${order}; ${fallback} where absent, at most ${most}`)

/** The faults that zod found in a request. */
export function faultsOf(error: z.ZodError): Fault[] {
  return error.issues.flatMap((issue) =>
    (issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.join('.')]).map((parameter) => ({
      parameter,
      problem: issue.message,
    })),
  )
}

/** A JSON answer, for a route’s declaration. */
export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})
export const refused = json(ErrorSchema, 'A parameter is wrong: `details` says which one and why')
export const storeFails = json(ErrorSchema, 'The store does not answer')

/** Declares a GET route that answers with JSON; `summary` describes its answer too. */
export const routeOf = <T extends z.ZodType, Q extends z.ZodObject>(
  path: string,
  query: Q,
  schema: T,
  summary: string,
) =>
  createRoute({
    method: 'get',
    path,
    summary,
    request: { query },
    responses: { 200: json(schema, summary), 400: refused },
  })

const STORE_DEADLINE_MS = 20_000

/** Runs a query of the store. It rejects after 20 s; the pages wait 25 s, so they can show the reason. */
export const fromStore = <T>(query: () => Promise<T>): Promise<T> => withDeadline(query, STORE_DEADLINE_MS)

/** The body of a 503 after the store failed. `what` is the answer that could not be made. */
export const storeFailed = (what: string, error: unknown) =>
  problem(
    error instanceof PerwattError ? error.code : 'store_failed',
    `${what}: ${reasonOf(error)}; ask again, or look at the collector's log`,
  )
