import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import priceCsv from '../../../collector/feeds/price-csv.ts'
import { HOUR_MS } from '../../../protocol/units.ts'
import { FeedRig, T0 } from './feed-rig.ts'

const folder = mkdtempSync(join(tmpdir(), 'perwatt-prices-'))
const path = join(folder, 'day-ahead.csv')
let rig: FeedRig

beforeEach(() => {
  rig = new FeedRig()
})
afterEach(() => rig.stop())
afterAll(() => rmSync(folder, { recursive: true }))

const iso = (ms: number) => new Date(ms).toISOString()
const start = (text: string, settings: object = {}) => {
  writeFileSync(path, text)
  return rig.start(priceCsv, { path, ...settings })
}
const said = () => (rig.said.at(-1) ?? []).map((s) => [iso(s.fromMs ?? 0), s.value])

test('says the prices of the file by time, those ahead too; the last is stale when it is over', async () => {
  await start(`time,price\n${iso(T0)},0.04\n${iso(T0 + HOUR_MS)},0.05\n${iso(T0 + 2 * HOUR_MS)},-0.01\n`)
  expect(rig.said[0]).toEqual([
    { name: 'energyUsdPerKwh', value: 0.04, fromMs: T0 },
    { name: 'energyUsdPerKwh', value: 0.05, fromMs: T0 + HOUR_MS },
    { name: 'energyUsdPerKwh', value: -0.01, fromMs: T0 + 2 * HOUR_MS, staleAfterMs: T0 + 3 * HOUR_MS - 1 },
  ])
})

test('reads what spreadsheets write: a mark at the begin, semicolons, decimal commas, prices a MWh', async () => {
  await start(
    '\ufeffBeginn;Zone;"Preis EUR/MWh"\r\n"2026-06-15 14:00";DE;45,5\r\n2026-06-15 15:00;DE;-3\r\n',
    {
      timeColumn: 'Beginn',
      priceColumn: 'Preis EUR/MWh',
      timeZone: 'Europe/Berlin',
      delimiter: ';',
      decimalComma: true,
      scale: 0.001,
    },
  )
  expect(said()).toEqual([
    ['2026-06-15T12:00:00.000Z', 0.0455],
    ['2026-06-15T13:00:00.000Z', -0.003],
  ])
})

test('a day of 25 hours has each of them: the hour that the clock shows twice is there twice', async () => {
  const clock = ['00:00', '01:00', '02:00', '02:00', '03:00']
  rig.nowMs = Date.UTC(2026, 9, 25)
  await start(`time,price\n${clock.map((t, i) => `2026-10-25 ${t},${i / 100}`).join('\n')}\n`, {
    timeZone: 'Europe/Berlin',
  })
  expect(said().map(([at]) => String(at).slice(5, 16))).toEqual([
    '10-24T22:00',
    '10-24T23:00',
    '10-25T00:00',
    '10-25T01:00',
    '10-25T02:00',
  ])
})

test('takes of a long file only what is near: five weeks back and a week ahead', async () => {
  const rows = Array.from({ length: 4 * 365 }, (_, i) => `${iso(T0 + (i - 730) * 6 * HOUR_MS)},0.0${i % 9}1`)
  await start(`time,price\n${rows.join('\n')}\n`)
  const times = (rig.said[0] ?? []).map((s) => s.fromMs ?? 0)
  expect(times[0]).toBe(T0 - 40 * 24 * HOUR_MS)
  expect(times.at(-1)).toBe(T0 + 8 * 24 * HOUR_MS - 6 * HOUR_MS)
})

test('reads the file again when it changes, and keeps its prices where it can’t be read', async () => {
  await start(`time,price\n${iso(T0)},0.04\n`)
  writeFileSync(path, `time,price\n${iso(T0)},0.04\n${iso(T0 + HOUR_MS)},0.055\n`)
  await rig.again()
  expect(said().at(-1)).toEqual([iso(T0 + HOUR_MS), 0.055])
  writeFileSync(path, `time,price\n${iso(T0)},0.04\n${iso(T0 + HOUR_MS)},0.0`.slice(0, -8))
  await rig.again()
  expect(rig.failing.at(-1)).toMatch(/day-ahead\.csv: .*; its earlier prices are kept$/)
  expect(rig.said.length).toBe(2)
  rmSync(path)
  await rig.again()
  expect(rig.failing.at(-1)).toMatch(/ENOENT/)
  writeFileSync(path, `time,price\n${iso(T0)},0.07\n`)
  await rig.again()
  expect([rig.failing.at(-1), said()]).toEqual([undefined, [[iso(T0), 0.07]]])
})

test.each([
  ['no rows', 'time,price\n', /has no rows/],
  ['nothing', '', /has no rows/],
  [
    'other columns',
    `when,cost\n${iso(T0)},1\n`,
    /line 2 has no column time; set timeColumn and priceColumn to two of when, cost/,
  ],
  [
    'a cell that is no price',
    `time,price\n${iso(T0)},0.04\n${iso(T0)},n\\/a\n`,
    /line 3: expected a price, got n/,
  ],
  ['an empty price', `time,price\n${iso(T0)},\n`, /line 2: expected a price, got nothing/],
  [
    'a cell that is no time',
    'time,price\nyesterday,0.04\n',
    /line 2: expected a time such as .*, got yesterday/,
  ],
  ['a quote that never ends', `time,price\n"${iso(T0)},0.04\n`, /Quote Not Closed/i],
])('refuses a file with %s as a whole, and says where', async (_, text, reason) => {
  await start(text)
  expect(rig.said).toEqual([])
  expect(rig.failing).toEqual([expect.stringMatching(reason)])
})
