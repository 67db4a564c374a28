import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { StatementForm, StatementSource } from '../../statements/statement-source.ts'
import { IssueSchema, type Statement, StatementListSchema, StatementSchema } from '../../views/statement.ts'
import { statementCsv } from '../documents/statement-csv.ts'
import { statementPage } from '../documents/statement-page.ts'
import { actOf, personSchema } from './act.ts'
import {
  badParameters,
  ErrorSchema,
  json,
  needsToken,
  parameters,
  problem,
  refused,
  storeFailed,
  storeFails,
} from './route.ts'

export const monthParameter = z
  .string({ error: 'expected a month, such as 2026-11' })
  .regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'expected a month, such as 2026-11')
  .describe('of the site’s time zone')
const month = monthParameter
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
const draft = z
  .enum(['true', 'false'], { error: 'expected true or false' })
  .optional()
  .describe(
    'true: as the ledger is now, though the statement was issued. Else the issued copy, byte for byte',
  )
const noCustomer = json(ErrorSchema, 'There is no such customer; the message lists the customers')

export const IssueRequestSchema = z.strictObject({
  month,
  customer: chosen.customer,
  by: personSchema('issues it'),
  incomplete: z
    .boolean()
    .default(false)
    .describe(
      'true: although minutes are unpriced or records undecided; they become corrections. Never while minutes wait to be settled',
    ),
})

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
        draft,
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
  issued: createRoute({
    method: 'get',
    path: '/api/v1/statements/issued',
    summary: 'Issued statements, oldest first: who issued each, when, and its total',
    request: { query: parameters({ month: month.optional() }) },
    responses: {
      200: json(z.array(IssueSchema.meta({ id: 'Issue' })), 'Issued statements'),
      400: refused,
      503: storeFails,
    },
  }),
  issue: actOf(
    '/api/v1/statements/issue',
    IssueRequestSchema,
    {
      201: json(IssueSchema.meta({ id: 'Issue' }), 'Issued'),
      404: noCustomer,
      409: json(
        ErrorSchema,
        'It was issued already, minutes wait to be settled or are unpriced, or no clock confirms that the month is over',
      ),
      503: storeFails,
    },
    'Issues the statement of a month that is over: it stays as it is, and later changes are corrections on another. Needs http.token',
  ),
  page: createRoute({
    method: 'get',
    path: '/statement',
    summary: 'The statement as a page to print',
    request: { query: parameters({ ...chosen, draft }) },
    responses: {
      200: { description: 'The page', content: { 'text/html': { schema: z.string() } } },
      400: refused,
      404: noCustomer,
      503: storeFails,
    },
  }),
}

/** The text of a copy in each form; an issued statement keeps these bytes. */
export const statementText = (statement: Statement, form: StatementForm): string =>
  ({
    json: () => JSON.stringify(statement),
    csv: () => statementCsv(statement),
    html: () => String(statementPage(statement)),
  })[form]()

type Chosen = {
  month: string
  customer?: string | undefined
  copy?: Statement['copy'] | undefined
  draft?: string | undefined
}

/** Adds the routes of statements: JSON, CSV and a page. `mayChange` is true if the API is behind a token. */
export function addStatements(
  api: OpenAPIHono,
  { statements, now, mayChange }: { statements: StatementSource; now: () => number; mayChange: boolean },
): void {
  const fault = (name: string) => notBegun(statements, name, now())
  /** answers with the statement in one form, or with the reason why there is none */
  const answer = async (c: Context, q: Chosen, form: StatementForm): Promise<Response> => {
    const wrong = fault(q.month)
    if (wrong) return c.json(wrong, 400)
    try {
      const copy = q.copy ?? (q.customer === undefined ? 'own' : 'customer')
      const request = { month: q.month, customer: q.customer, copy }
      const issued = q.draft === 'true' ? undefined : await statements.issuedText(request, form)
      if (issued !== undefined) return c.body(issued, 200, headersOf(form, statements.number(request)))
      const statement = await statements.statement(request)
      if (statement) return c.body(statementText(statement, form), 200, headersOf(form, statement.number))
      return c.json(await unknownCustomer(statements, q.month, q.customer), 404)
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
  // the answer is JSON, CSV or a page, which the route’s type cannot tell apart
  api.openapi(routes.statement, async (c) => {
    const { format, ...q } = c.req.valid('query')
    return (await answer(c, q, format)) as never
  })
  api.openapi(routes.page, async (c) => (await answer(c, c.req.valid('query'), 'html')) as never)
  api.openapi(routes.issued, async (c) => {
    try {
      return c.json(await statements.issues(c.req.valid('query').month), 200)
    } catch (error) {
      return c.json(storeFailed('statements', error), 503)
    }
  })
  api.openapi(routes.issue, async (c) => {
    if (!mayChange) return c.json(needsToken('a statement is a bill'), 403)
    const request = c.req.valid('json')
    const { month, customer } = request
    if (now() < statements.period(month).endMs)
      return c.json(
        badParameters([
          { parameter: 'month', problem: `${month} is not over; a draft can be read meanwhile` },
        ]),
        400,
      )
    try {
      const issue = await statements.issue({ ...request, customer }, statementText)
      if (issue) return c.json(issue, 201)
      return c.json(await unknownCustomer(statements, month, customer), 404)
    } catch (error) {
      if (error instanceof PerwattError && (error.code === 'already-issued' || error.code === 'incomplete'))
        return c.json(problem(error.code, error.message), 409)
      return c.json(storeFailed('issue', error), 503)
    }
  })
}

const headersOf = (form: StatementForm, number: string): Record<string, string> =>
  ({
    json: { 'content-type': 'application/json' },
    csv: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${number}.csv"`,
    },
    html: { 'content-type': 'text/html; charset=UTF-8' },
  })[form]

/** The answer for a month that lies ahead; undefined for another. */
export const notBegun = (statements: StatementSource, month: string, nowMs: number) =>
  nowMs >= statements.period(month).startMs
    ? undefined
    : badParameters([
        { parameter: 'month', problem: `${month} has not begun; choose this month or an earlier one` },
      ])

export async function unknownCustomer(
  statements: StatementSource,
  month: string,
  customer: string | undefined,
) {
  const { statements: listed } = await statements.list(month)
  const names = listed.flatMap((s) => (s.customer === undefined ? [] : [s.customer]))
  const there =
    names.length > 0
      ? `there are ${names.join(', ')}`
      : 'give a workload a `customer` in the configuration first'
  return problem('not_found', `there is no customer ${customer}; ${there}`)
}
