import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { type Parser, parse } from 'csv-parse'
import { z } from 'zod'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { QuoteNameSchema } from '../../protocol/quote.ts'
import { HOUR_MS } from '../../protocol/units.ts'
import { defineFeed } from '../plugin/feed.ts'
import { pollSchema } from '../prices/feed-http.ts'
import { polling } from '../prices/polling.ts'
import { scaled, type TimedPrice, timed } from '../prices/price-series.ts'
import { readTablePrice } from '../prices/table-price.ts'
import { readTableEnd, readTableTime, TimeFormatSchema } from '../prices/table-time.ts'
import { TimeZoneSchema } from '../prices/time-zone.ts'

/** Five-minute prices of three years. */
const MAX_ROWS = 350_000
const MAX_LINE_CHARS = 10_000
/** Rows without a price that are named; the others are counted. */
const NAMED_ROWS = 3

const SettingsSchema = z.strictObject({
  path: z.string().min(1).describe('the file; read again when it changes'),
  quote: QuoteNameSchema.default('energyUsdPerKwh').describe('which price it is'),
  timeColumn: z
    .string()
    .default('time')
    .describe('heading of the column of times from which prices hold: ISO 8601, or Unix s or ms'),
  timeFormat: TimeFormatSchema.optional().describe(
    'how times are written where not ISO 8601: DD.MM.YYYY HH:mm (SMARD), MM/DD/YYYY HH:mm (NYISO), DD/MM/YYYY HH:mm:ss (ENTSO-E), MM/DD/YYYY (ERCOT, with hourEndingColumn)',
  ),
  endColumn: z
    .string()
    .optional()
    .describe(
      'heading of the column of the times at which prices end, such as Datum bis (SMARD): where a row is missing, the price before it is stale from its end on. The ends in ENTSO-E’s intervals and of hourEndingColumn need no setting',
    ),
  hourEndingColumn: z
    .string()
    .optional()
    .describe(
      'heading of the column with the hour that ends the interval, 01:00 to 24:00, where timeColumn has the date',
    ),
  dstFlagColumn: z
    .string()
    .optional()
    .describe(
      'heading of the column that is Y (or 1, true) in the second of the hour that the clock repeats in autumn',
    ),
  only: z
    .record(z.string(), z.string())
    .default({})
    .describe('use only rows with these texts, such as { SettlementPoint: HB_NORTH } or { Name: WEST }'),
  priceColumn: z.string().default('price').describe('heading of the column of prices'),
  timeZone: TimeZoneSchema.default('UTC').describe('time zone of times that name none'),
  delimiter: z.string().length(1).default(',').describe('character between two columns'),
  decimalComma: z.boolean().default(false).describe('true: prices are written as 0,045'),
  scale: z.number().default(1).describe('factor for the prices: 0.001 makes USD/kWh of USD/MWh'),
  poll: pollSchema('1m'),
})
type Settings = z.output<typeof SettingsSchema>

/** Publishes the prices of the next days, and those of the past too: a record that comes late needs the price of its minute. */
export default defineFeed({
  name: 'price-csv',
  summary: 'prices by time from a CSV file, such as a day-ahead market’s',
  settings: SettingsSchema,
  quotes: ({ quote }) => [quote],
  open(settings, context) {
    let version = ''
    let prices: TimedPrice[] = []
    let missing: string | undefined
    return polling(context, settings.poll, async (signal) => {
      const { mtimeMs, size } = await stat(settings.path)
      const isNew = version !== `${mtimeMs} ${size}`
      if (isNew) {
        // a file that is half written throws here, so the next poll reads it again
        const table = await readPrices(settings, signal)
        prices = table.prices
        missing = table.missing
        version = `${mtimeMs} ${size}`
      }
      const { quotes, earlier } = timed(settings.quote, prices, context.nowMs())
      return isNew ? { quotes, earlier, missing } : { quotes, missing }
    })
  },
})

interface PriceTable {
  prices: TimedPrice[]
  /** which rows have no price, in one line */
  missing: string | undefined
}

async function readPrices(settings: Settings, signal: AbortSignal): Promise<PriceTable> {
  const { path, delimiter } = settings
  const parser: Parser = parse({
    bom: true,
    columns: true,
    delimiter,
    info: true,
    max_record_size: MAX_LINE_CHARS,
    skip_empty_lines: true,
    trim: true,
  })
  const file = createReadStream(path, { signal })
  file.on('error', (error) => parser.destroy(error))
  file.pipe(parser)
  const prices: TimedPrice[] = []
  const holes: Hole[] = []
  try {
    for await (const { record, info } of parser) {
      if (prices.length >= MAX_ROWS)
        throw new PerwattError('too-large', `more than ${MAX_ROWS} rows; leave out the oldest`)
      if (Object.entries(settings.only).some(([column, text]) => record[column] !== text)) continue
      const { price, hole } = priceOf(record, settings, info.lines, prices.at(-1)?.fromMs)
      prices.push(price)
      if (hole) holes.push(hole)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw new PerwattError('unreadable', `${path}: ${reasonOf(error)}; its earlier prices are kept`)
  } finally {
    file.destroy()
  }
  const missing = holesText(path, holes)
  if (prices.length > holes.length) return { prices, missing }
  const [first] = holes
  if (first)
    throw new PerwattError(
      'unreadable',
      `${path}: line ${first.line}: expected a price, got ${first.text || 'nothing'}, and no row has one; set priceColumn, delimiter or decimalComma to what the file has; its earlier prices are kept`,
    )
  throw new PerwattError(
    'unreadable',
    `${path}: has no rows${Object.keys(settings.only).length > 0 ? ' that `only` lets pass' : ', write prices into it'}; its earlier prices are kept`,
  )
}

/** A row that has no price. */
interface Hole {
  line: number
  /** what stands there instead */
  text: string
  /** the cell is no word for "no price", so somebody should look at it */
  isMalformed: boolean
}

/** What a person should know of the rows without a price: malformed ones first, because he can mend them. */
function holesText(path: string, holes: readonly Hole[]): string | undefined {
  if (holes.length === 0) return undefined
  const named = [...holes].sort((a, b) => Number(b.isMalformed) - Number(a.isMalformed)).slice(0, NAMED_ROWS)
  const rows = named.map(
    ({ line, text, isMalformed }) =>
      `line ${line} ${isMalformed ? 'expected a price, got' : 'has'} ${text || 'nothing'}`,
  )
  const more = holes.length > named.length ? `, and ${holes.length - named.length} more rows` : ''
  return `${path}: no price in some rows, where the price before them is stale: ${rows.join(', ')}${more}; the others are used`
}

function priceOf(
  row: Record<string, string>,
  settings: Settings,
  line: number,
  afterMs: number | undefined,
): { price: TimedPrice; hole?: Hole } {
  const { timeColumn, endColumn, priceColumn, hourEndingColumn, dstFlagColumn, scale } = settings
  const where = `line ${line}`
  const cell = (column: string): string => {
    const text = row[column]
    if (text !== undefined) return text
    const headings = Object.keys(row).join(', ')
    throw new PerwattError(
      'unexpected',
      `${where} has no column ${column}; the columns are ${headings}: set timeColumn, priceColumn and the others to them`,
    )
  }
  const fault = (text: string, wants: string) =>
    new PerwattError('unexpected', `${where}: expected ${wants}, got ${text.slice(0, 40) || 'nothing'}`)
  const time = cell(timeColumn)
  const fromMs = readTableTime(time, settings, {
    afterMs,
    ...(hourEndingColumn === undefined ? {} : { hourEnding: cell(hourEndingColumn) }),
    ...(dstFlagColumn === undefined ? {} : { second: /^(y|yes|1|true)$/i.test(cell(dstFlagColumn)) }),
  })
  if (fromMs === undefined) {
    const wanted = settings.timeFormat ?? 'a time such as 2026-01-31T12:00:00Z (or set timeFormat)'
    throw fault(time, wanted)
  }
  const toMs =
    endColumn === undefined
      ? hourEndingColumn === undefined
        ? readTableEnd(time, settings, fromMs)
        : fromMs + HOUR_MS
      : readTableTime(cell(endColumn), settings, { afterMs: fromMs })
  const own = { fromMs, ...(toMs === undefined ? {} : { toMs }) }
  const text = cell(priceColumn)
  const value = readTablePrice(text, settings)
  if (value !== undefined && !Number.isNaN(value)) return { price: { ...own, value: scaled(value, scale) } }
  return { price: own, hole: { line, text: text.slice(0, 40), isMalformed: value !== undefined } }
}
