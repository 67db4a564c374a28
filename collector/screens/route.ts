import { createRoute, z } from '@hono/zod-openapi'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import type { Fault } from './ledger-query.ts'

/** What the API's routes have in common: how parameters are refused, and how errors are said. */

export const ErrorSchema = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      details: z.array(z.object({ parameter: z.string(), problem: z.string() })).optional(),
    }),
  })
  .meta({ id: 'Error' })

/** An error as every route answers it. */
export const problem = (code: string, message: string, details?: Fault[]): z.infer<typeof ErrorSchema> => ({
  error: { code, message, ...(details ? { details } : {}) },
})

export const badParameters = (faults: Fault[]) =>
  problem('bad_parameter', faults.map((f) => `${f.parameter}: ${f.problem}`).join('; '), faults)

/** Query parameters of a route; any other is a fault, so that a typing error never widens an answer. */
export const parameters = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined
      const known = Object.keys(shape)
      return known.length > 0
        ? `there is no such parameter; there are ${known.join(', ')}`
        : 'there is no such parameter; this takes none'
    },
  })
export const none = parameters({})

export function faultsOf(error: z.ZodError): Fault[] {
  return error.issues.flatMap((issue) =>
    (issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.join('.')]).map((parameter) => ({
      parameter,
      problem: issue.message,
    })),
  )
}

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})
export const refused = json(ErrorSchema, 'A parameter is wrong: `details` says which, and why')

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

/** What the store says when it fails, as an answer. */
export const storeFailed = (what: string, error: unknown) =>
  problem(
    error instanceof PerwattError ? error.code : 'store_failed',
    `${what}: ${reasonOf(error)}; ask again, or look at the collector's log`,
  )
