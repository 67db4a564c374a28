import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { StatementSource } from '../../statements/statement-service.ts'
import { type Statement, StatementListSchema, StatementSchema } from '../../views/statement.ts'
import { statementCsv } from '../documents/statement-csv.ts'
import { statementPage } from '../documents/statement-page.ts'
import {
  badParameters,
  ErrorSchema,
  json,
  parameters,
  problem,
  refused,
  storeFailed,
  storeFails,
} from './route.ts'

const month = z
  .string({ error: 'expected a month, such as 2026-11' })
  .regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'expected a month, such as 2026-11')
  .describe('of the site’s time zone')
const chosen = {
  month,
  customer: z.string().min(1).max(128).optional().describe('the site’s own statement where absent'),
  copy: z
    .enum(['customer', 'own'], { error: 'expected customer or own' })
    .optional()
    .describe(
      'customer: without costs and margins. own: with them. Where absent: customer for a customer, own for the site',
    ),
}
const noCustomer = json(ErrorSchema, 'There is no such customer; the message lists the customers')

const routes = {
  list: createRoute({
    method: 'get',
    path: '/api/v1/statements',
    summary: 'The statements of a month: customers and totals',
    request: { query: parameters({ month }) },
    responses: {
      200: json(
        StatementListSchema.meta({ id: 'StatementList' }),
        'One for each customer, and the site’s own',
      ),
      400: refused,
      503: storeFails,
    },
  }),
  statement: createRoute({
    method: 'get',
    path: '/api/v1/statement',
    summary: 'A customer’s month: lines that add up to the ledger’s sum, to the cent',
    request: {
      query: parameters({
        ...chosen,
        format: z.enum(['json', 'csv'], { error: 'expected json or csv' }).default('json'),
      }),
    },
    responses: {
      200: {
        description: 'The statement',
        content: {
          'application/json': { schema: StatementSchema.meta({ id: 'Statement' }) },
          'text/csv': { schema: z.string() },
        },
      },
      400: refused,
      404: noCustomer,
      503: storeFails,
    },
  }),
  page: createRoute({
    method: 'get',
    path: '/statement',
    summary: 'The statement as a page to print',
    request: { query: parameters(chosen) },
    responses: {
      200: { description: 'The page', content: { 'text/html': { schema: z.string() } } },
      400: refused,
      404: noCustomer,
      503: storeFails,
    },
  }),
}

type Chosen = { month: string; customer?: string | undefined; copy?: Statement['copy'] | undefined }

/** Adds the routes of statements: JSON, CSV and a page. */
export function addStatements(
  api: OpenAPIHono,
  { statements, now }: { statements: StatementSource; now: () => number },
): void {
  const fault = (name: string) => {
    if (now() >= statements.period(name).startMs) return undefined
    return badParameters([
      { parameter: 'month', problem: `${name} has not begun; choose this month or an earlier one` },
    ])
  }
  /** answers with `of` its statement, or with the reason why there is none */
  const answer = async (c: Context, q: Chosen, of: (statement: Statement) => Response): Promise<Response> => {
    const wrong = fault(q.month)
    if (wrong) return c.json(wrong, 400)
    try {
      const copy = q.copy ?? (q.customer === undefined ? 'own' : 'customer')
      const statement = await statements.statement({ month: q.month, customer: q.customer, copy })
      if (statement) return of(statement)
      const { statements: listed } = await statements.list(q.month)
      const names = listed.flatMap((s) => (s.customer === undefined ? [] : [s.customer]))
      const there =
        names.length > 0
          ? `there are ${names.join(', ')}`
          : 'give a workload a `customer` in the configuration first'
      return c.json(problem('not_found', `there is no customer ${q.customer}; ${there}`), 404)
    } catch (error) {
      return c.json(storeFailed('statement', error), 503)
    }
  }
  api.openapi(routes.list, async (c) => {
    const { month } = c.req.valid('query')
    const wrong = fault(month)
    if (wrong) return c.json(wrong, 400)
    try {
      return c.json(await statements.list(month), 200)
    } catch (error) {
      return c.json(storeFailed('statements', error), 503)
    }
  })
  // the answer is JSON or CSV, which the route’s type cannot tell apart
  api.openapi(routes.statement, async (c) => {
    const { format, ...q } = c.req.valid('query')
    const found = await answer(c, q, (statement) =>
      format === 'json'
        ? c.json(statement, 200)
        : c.body(statementCsv(statement), 200, {
            'content-type': 'text/csv; charset=utf-8',
            'content-disposition': `attachment; filename="${statement.number}.csv"`,
          }),
    )
    return found as never
  })
  api.openapi(routes.page, async (c) => {
    const found = await answer(c, c.req.valid('query'), (s) => c.html(statementPage(s)) as Response)
    return found as never
  })
}
