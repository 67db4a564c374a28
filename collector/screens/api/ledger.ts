import type { HttpBindings } from '@hono/node-server'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { reasonOf } from '../../../protocol/kit/errors.ts'
import type { Log } from '../../../protocol/kit/log.ts'
import type { FigureGroup, LedgerFigures } from '../../views/figures.ts'
import { type LedgerFigure, LedgerFigureSchema } from '../../views/ledger-figure.ts'
import { csvLine } from '../documents/csv-line.ts'
import { textStream } from '../documents/text-stream.ts'
import { ledgerParameters, readLedgerQuery } from './ledger-query.ts'
import { badParameters, fromStore, parameters, refused, storeFailed, storeFails } from './route.ts'
import type { Views } from './views.ts'

const route = createRoute({
  method: 'get',
  path: '/api/v1/ledger',
  summary:
    'The ledger: exact sums by group and bucket, as JSON; or as CSV of any length, with format=csv or Accept: text/csv',
  request: { query: parameters(ledgerParameters) },
  responses: {
    200: {
      description: 'One figure for each group and bucket',
      content: {
        'application/json': { schema: z.array(LedgerFigureSchema.meta({ id: 'LedgerFigure' })) },
        'text/csv': { schema: z.string() },
      },
    },
    400: refused,
    503: storeFails,
  },
})

const COLUMNS = Object.keys(LedgerFigureSchema.shape) as (keyof LedgerFigure)[]
/** Figures as CSV lines: base units, ISO 8601 times. */
const csvOf = (figures: readonly LedgerFigure[]): string =>
  figures.map((f) => csvLine(COLUMNS.map((c) => f[c]))).join('')

/** Adds the route of the ledger’s figures. */
export function addLedger(
  api: OpenAPIHono,
  { ledger, views, log, now }: { ledger: LedgerFigures; views: Views; log: Log; now: () => number },
): void {
  api.openapi(route, async (c) => {
    const parsed = c.req.valid('query')
    const csv = parsed.format ? parsed.format === 'csv' : /\btext\/csv\b/.test(c.req.header('accept') ?? '')
    const query = readLedgerQuery(parsed, now(), csv ? undefined : (by) => countGroups(views, by))
    if (Array.isArray(query)) return c.json(badParameters(query), 400)
    const pieces = ledger.ledger(query)[Symbol.asyncIterator]()
    // the deadline is for each piece: an answer may have many
    const next = () => fromStore(() => pieces.next())
    try {
      // a failure of the first piece can be answered with 503; a later one can only break the connection
      const first = await next()
      if (!csv) return c.json(await all(first, next), 200)
      const text = textStream(csvLine(COLUMNS), first, {
        next,
        textOf: csvOf,
        end: () => pieces.return?.(),
        breakOff: (error) => {
          log.warn('screens.ledger_broke_off', { reason: reasonOf(error) })
          ;(c.env as HttpBindings).outgoing.destroy()
        },
      })
      return c.body(text, 200, {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename="ledger.csv"',
      })
    } catch (error) {
      return c.json(storeFailed('ledger', error), 503)
    }
  })
}

async function all(
  first: IteratorResult<LedgerFigure[]>,
  next: () => Promise<IteratorResult<LedgerFigure[]>>,
): Promise<LedgerFigure[]> {
  const figures: LedgerFigure[] = []
  for (let piece = first; !piece.done; piece = await next()) for (const f of piece.value) figures.push(f)
  return figures
}

/** How many groups there are now. Past figures may have a few more or fewer. */
function countGroups(views: Views, by: FigureGroup): number {
  if (by === 'site') return 1
  if (by === 'workload' || by === 'customer' || by === 'kind') return views.workloads().length
  const devices = views.devices()
  if (by === 'device') return devices.length
  return new Set(devices.map((d) => (by === 'agent' ? d.agentId : (d.location?.[by] ?? '')))).size
}
