import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { PerwattError, reasonOf } from '../../../protocol/kit/errors.ts'
import type { StatementSource } from '../../statements/statement-source.ts'
import { monthCode } from '../documents/statement-text.ts'
import { statementsPage } from '../documents/statements-page.ts'
import { needsToken, parameters, refused, storeFailed, storeFails } from './route.ts'
import { IssueRequestSchema, monthParameter, notBegun, statementText, unknownCustomer } from './statements.ts'

const html = { 'text/html': { schema: z.string() } }

const pageOfMonth = createRoute({
  method: 'get',
  path: '/statements',
  summary:
    'The statements of a month as a page: links to each, a form that issues one, and all that were issued',
  request: { query: parameters({ month: monthParameter.optional() }) },
  responses: {
    200: { description: 'The page', content: html },
    302: { description: 'Without a month: to the present one' },
    400: refused,
    503: storeFails,
  },
})

/** The form of the page: what a browser sends. An empty customer is the site itself. */
const FormSchema = z.object({
  month: IssueRequestSchema.shape.month,
  customer: z.string().max(128).default(''),
  by: IssueRequestSchema.shape.by,
  incomplete: z.literal('true').optional(),
})
const FORM_BYTES = 4096

/** Adds the page of a month's statements, and the form that issues one. `mayChange` is true if the API is behind a token. */
export function addStatementPages(
  api: OpenAPIHono,
  { statements, now, mayChange }: { statements: StatementSource; now: () => number; mayChange: boolean },
): void {
  const page = async (c: Context, month: string, status: 200 | 400 | 404 | 409, refusal?: string) => {
    const wrong = notBegun(statements, month, now())
    if (wrong) return c.json(wrong, 400)
    try {
      const [list, issues] = [await statements.list(month), await statements.issues()]
      const { timeZone } = statements
      return c.html(String(statementsPage({ list, issues, timeZone, mayIssue: mayChange, refusal })), status)
    } catch (error) {
      return c.json(storeFailed('statements', error), 503)
    }
  }
  api.openapi(pageOfMonth, async (c) => {
    const { month } = c.req.valid('query')
    if (month !== undefined) return (await page(c, month, 200)) as never
    return c.redirect(`/statements?month=${monthCode(now(), statements.timeZone)}`, 302) as never
  })
  api.post('/statements/issue', bodyLimit({ maxSize: FORM_BYTES }), async (c) => {
    if (!mayChange) return c.json(needsToken('a statement is a bill'), 403)
    const { data, error } = FormSchema.safeParse(await c.req.parseBody())
    if (!data) return c.text(`the form is not complete: ${z.prettifyError(error)}`, 400)
    const { month, by, incomplete } = data
    const customer = data.customer === '' ? undefined : data.customer
    if (now() < statements.period(month).endMs)
      return page(c, month, 400, `${month} is not over; a draft can be read meanwhile`)
    try {
      const request = { month, customer, by, incomplete: incomplete === 'true' }
      if (await statements.issue(request, statementText)) return c.redirect(`/statements?month=${month}`, 303)
      return page(c, month, 404, (await unknownCustomer(statements, month, customer)).error.message)
    } catch (failure) {
      const refused =
        failure instanceof PerwattError &&
        (failure.code === 'already-issued' || failure.code === 'incomplete')
      return refused ? page(c, month, 409, reasonOf(failure)) : c.json(storeFailed('issue', failure), 503)
    }
  })
}
