import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import priceCsv from '../../../collector/feeds/price-csv.ts'
import type { FeedQuote } from '../../../collector/plugin/feed.ts'
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
/** A second start within a test is that of another feed. */
const start = (text: string, settings: object = {}) => {
  writeFileSync(path, text)
  const { nowMs } = rig
  rig.stop()
  rig = new FeedRig()
  rig.nowMs = nowMs
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

test('tells the prices of years once, apart from those of the last weeks, and again when the file is new', async () => {
  const rows = (count: number, first: number) =>
    Array.from({ length: count }, (_, i) => `${iso(T0 - (first - i) * 24 * HOUR_MS)},${i}\n`).join('')
  await start(`time,price\n${rows(100, 98)}`)
  const days = (said: readonly FeedQuote[] = []) => said.map((s) => (T0 - (s.fromMs ?? 0)) / 24 / HOUR_MS)
  expect(days(rig.said[0])).toEqual(Array.from({ length: 42 }, (_, i) => 40 - i))
  expect(days(rig.saidEarlier[0])).toEqual(Array.from({ length: 58 }, (_, i) => 98 - i))
  await rig.again()
  expect([rig.said.length, rig.saidEarlier.length]).toEqual([2, 1])
  writeFileSync(path, `time,price\n${rows(101, 98)}`)
  await rig.again()
  expect(rig.saidEarlier.length).toBe(2)
})

test('a quarter of an hour before a hole ends with its step, in a short list too', async () => {
  const begins = [0, 0.25, 6].map((h) => T0 + h * HOUR_MS)
  await start(`time,price\n${begins.map((ms, i) => `${iso(ms)},0.0${i + 1}`).join('\n')}\n`)
  expect(rig.said[0]?.map((s) => s.staleAfterMs)).toEqual([
    undefined,
    T0 + 0.5 * HOUR_MS - 1,
    T0 + 6.25 * HOUR_MS - 1,
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

test.each<[string, string, RegExp, object?]>([
  ['no rows', 'time,price\n', /has no rows/],
  ['nothing', '', /has no rows/],
  [
    'other columns',
    `when,cost\n${iso(T0)},1\n`,
    /line 2 has no column time; the columns are when, cost: set timeColumn, priceColumn/,
  ],
  [
    'decimal commas that nobody declared',
    `time;price\n${iso(T0)};0,04\n${iso(T0 + HOUR_MS)};0,05\n`,
    /line 2: expected a price, got 0,04, and no row has one; set priceColumn, delimiter or decimalComma/,
    { delimiter: ';' },
  ],
  ['an empty price', `time,price\n${iso(T0)},\n`, /line 2: expected a price, got nothing/],
  [
    'a cell that is no time',
    'time,price\nyesterday,0.04\n',
    /line 2: expected a time such as .*, got yesterday/,
  ],
  ['a quote that never ends', `time,price\n"${iso(T0)},0.04\n`, /Quote Not Closed/i],
])('refuses a file with %s as a whole, and says where', async (_, text, reason, settings = {}) => {
  await start(text, settings)
  expect(rig.said).toEqual([])
  expect(rig.failing).toEqual([expect.stringMatching(reason)])
})

describe('a row without a price', () => {
  const at = (hours: number) => iso(T0 + hours * HOUR_MS)
  const quotes = () =>
    (rig.said.at(-1) ?? []).map((q) => [
      ((q.fromMs ?? 0) - T0) / HOUR_MS,
      q.value,
      q.staleAfterMs === undefined ? undefined : (q.staleAfterMs + 1 - T0) / HOUR_MS,
    ])

  test.each(['-', '', 'n/e', 'N/A', 'null', '–'])(
    'that has “%s” is a hole: stale there, told, and the others are used',
    async (none) => {
      await start(`time,price\n${at(0)},0.04\n${at(1)},${none}\n${at(2)},0.06\n${at(3)},0.07\n`)
      expect(quotes()).toEqual([
        [0, 0.04, 1],
        [2, 0.06, undefined],
        [3, 0.07, 4],
      ])
      expect(rig.failing.at(-1)).toMatch(
        /no price in some rows, where the price before them is stale: line 3 has .*; the others are used$/,
      )
    },
  )

  test('is told with its line where it is malformed, before all words for none', async () => {
    const holes = Array.from({ length: 5 }, (_, i) => `${at(i + 1)},-\n`).join('')
    await start(`time,price\n${at(0)},0.04\n${holes}${at(6)},O.05\n${at(7)},0.06\n`)
    expect(quotes()).toEqual([
      [0, 0.04, 1],
      [7, 0.06, 8],
    ])
    expect(rig.failing.at(-1)).toMatch(/line 8 expected a price, got O\.05, line 3 has -.*and 3 more rows/)
    await start(`time,price\n${at(0)},0.04\n${at(1)},0.05\n`)
    expect(rig.failing.at(-1)).toBeUndefined()
  })

  test('in a file with decimal commas may be one that can be read two ways', async () => {
    await start(
      `time;price\n${at(0)};1.048,44\n${at(1)};1.048\n${at(2)};-1.048,5\n${at(3)};45.5\n${at(4)};1 048,44\n`,
      { delimiter: ';', decimalComma: true, scale: 0.001 },
    )
    expect(said().map(([, value]) => value)).toEqual([1.04844, -1.0485, 0.0455, 1.04844])
    expect(rig.failing.at(-1)).toMatch(/line 3 expected a price, got 1\.048/)
  })
})

describe('the step of a list', () => {
  const quarter = HOUR_MS / 4
  const stale = async (begins: readonly number[]) => {
    await start(`time,price\n${begins.map((ms, i) => `${iso(T0 + ms)},0.0${(i % 8) + 1}`).join('\n')}\n`)
    return (rig.said.at(-1) ?? []).flatMap((q) =>
      q.staleAfterMs === undefined
        ? []
        : [[((q.fromMs ?? 0) - T0) / HOUR_MS, (q.staleAfterMs + 1 - T0) / HOUR_MS]],
    )
  }
  const hours = Array.from({ length: 20 }, (_, i) => i * HOUR_MS)

  test('may change from hours to quarters, and back: none of them is a hole', async () => {
    const quarters = Array.from({ length: 20 }, (_, i) => 20 * HOUR_MS + i * quarter)
    const again = [25, 26, 27].map((h) => h * HOUR_MS)
    expect(await stale([...hours, ...quarters])).toEqual([[24.75, 25]])
    expect(await stale([...hours, ...quarters, ...again])).toEqual([[27, 28]])
    expect(
      await stale([...[0, 1].map((h) => h * HOUR_MS), ...[8, 9, 10, 11, 12].map((q) => q * quarter)]),
    ).toEqual([[3, 3.25]])
  })

  test('is known on both sides of a hole, in each part of the list', async () => {
    const quarters = Array.from({ length: 20 }, (_, i) => 20 * HOUR_MS + i * quarter)
    const holes = (ms: number) => ms !== 9 * HOUR_MS && ms !== 22 * HOUR_MS
    expect(await stale([...hours, ...quarters].filter(holes))).toEqual([
      [8, 9],
      [21.75, 22],
      [24.75, 25],
    ])
  })

  test.each([[[0, 1, 6]], [[0, 9, 10, 11]], [[0, 1, 2, 3, 9]]])(
    'is known from few hours (%j)',
    async (begins) => {
      const found = await stale(begins.map((h) => h * HOUR_MS))
      const gap = begins.findIndex((h, i) => (begins[i + 1] ?? h) - h > 1)
      expect(found[0]).toEqual([begins[gap], (begins[gap] as number) + 1])
      expect(found).toHaveLength(2)
    },
  )

  test('is none in a list of changes: each holds until the next', async () => {
    expect(await stale([0, 6, 7, 22, 30].map((h) => h * HOUR_MS))).toEqual([[30, 38]])
  })
})

describe('files as markets publish them', () => {
  const hours = () => said().map(([at, value]) => [String(at).slice(5, 16), value])

  test('ENTSO-E: an interval of local time, day before month (Transparency Platform, day-ahead prices, CSV export)', async () => {
    rig.nowMs = Date.UTC(2026, 10, 29, 23)
    await start(
      '"MTU (CET/CEST)","Area","Day-ahead Price (EUR/MWh)"\n' +
        '"30/11/2026 00:00:00 - 30/11/2026 01:00:00","BZN|FR","61.20"\n' +
        '"30/11/2026 01:00:00 - 30/11/2026 02:00:00","BZN|FR","-3.05"\n',
      {
        timeColumn: 'MTU (CET/CEST)',
        priceColumn: 'Day-ahead Price (EUR/MWh)',
        timeFormat: 'DD/MM/YYYY HH:mm:ss',
        timeZone: 'Europe/Brussels',
        scale: 0.001,
      },
    )
    expect(hours()).toEqual([
      ['11-29T23:00', 0.0612],
      ['11-30T00:00', -0.00305],
    ])
  })

  test('NYISO: month before day, one zone of many (mis.nyiso.com, day-ahead zonal LBMP)', async () => {
    rig.nowMs = Date.UTC(2026, 10, 30, 5)
    await start(
      '"Time Stamp","Name","PTID","LBMP ($/MWHr)"\n' +
        '"11/30/2026 00:00","CAPITL",61757,33.51\n"11/30/2026 00:00","WEST",61752,27.10\n' +
        '"11/30/2026 01:00","CAPITL",61757,32.04\n"11/30/2026 01:00","WEST",61752,26.55\n',
      {
        timeColumn: 'Time Stamp',
        priceColumn: 'LBMP ($/MWHr)',
        timeFormat: 'MM/DD/YYYY HH:mm',
        timeZone: 'America/New_York',
        only: { Name: 'WEST' },
        scale: 0.001,
      },
    )
    expect(hours()).toEqual([
      ['11-30T05:00', 0.0271],
      ['11-30T06:00', 0.02655],
    ])
  })

  test('ERCOT: a date with the hour that ends, 24:00 being the last, and a flag for the repeated hour (NP4-190-CD)', async () => {
    rig.nowMs = Date.UTC(2026, 10, 1, 5)
    const row = (hourEnding: string, price: number, flag = 'N') =>
      `11/01/2026,${hourEnding},HB_NORTH,${price},${flag}`
    await start(
      `DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice,DSTFlag\n${[
        row('01:00', 20),
        row('02:00', 21),
        row('02:00', 22, 'Y'),
        row('03:00', 23),
        row('24:00', 44),
      ].join('\n')}\n`,
      {
        timeColumn: 'DeliveryDate',
        hourEndingColumn: 'HourEnding',
        dstFlagColumn: 'DSTFlag',
        priceColumn: 'SettlementPointPrice',
        timeFormat: 'MM/DD/YYYY',
        timeZone: 'America/Chicago',
        only: { SettlementPoint: 'HB_NORTH' },
        scale: 0.001,
      },
    )
    expect(hours()).toEqual([
      ['11-01T05:00', 0.02],
      ['11-01T06:00', 0.021],
      ['11-01T07:00', 0.022],
      ['11-01T08:00', 0.023],
      ['11-02T05:00', 0.044],
    ])
  })

  test('SMARD: dots, semicolons and decimal commas (smard.de, market data, CSV)', async () => {
    rig.nowMs = Date.UTC(2026, 10, 29, 23)
    await start(
      'Datum von;Datum bis;Deutschland/Luxemburg [€/MWh] Originalauflösungen\n' +
        '30.11.2026 00:00;30.11.2026 00:15;88,41\n30.11.2026 00:15;30.11.2026 00:30;87,90\n',
      {
        timeColumn: 'Datum von',
        priceColumn: 'Deutschland/Luxemburg [€/MWh] Originalauflösungen',
        timeFormat: 'DD.MM.YYYY HH:mm',
        timeZone: 'Europe/Berlin',
        delimiter: ';',
        decimalComma: true,
        scale: 0.001,
      },
    )
    expect(hours()).toEqual([
      ['11-29T23:00', 0.08841],
      ['11-29T23:15', 0.0879],
    ])
  })

  test('the ends that ENTSO-E and SMARD write show a hole among few rows, and an hour that the clock repeats', async () => {
    const entsoe = {
      timeColumn: 'MTU',
      priceColumn: 'P',
      timeFormat: 'DD/MM/YYYY HH:mm:ss',
      timeZone: 'Europe/Paris',
      scale: 0.001,
    }
    const ends = () =>
      (rig.said.at(-1) ?? []).map((q) => q.staleAfterMs && iso(q.staleAfterMs + 1).slice(5, 16))
    rig.nowMs = Date.UTC(2026, 10, 30)
    const row = (day: string, from: string, to: string, price: string) =>
      `${day} ${from}:00 - ${day} ${to}:00,${price}\n`
    const rows = [
      row('30/11/2026', '00:00', '01:00', '100'),
      row('30/11/2026', '15:00', '16:00', '120'),
      row('30/11/2026', '16:00', '17:00', 'n/e'),
      row('30/11/2026', '17:00', '18:00', ''),
      row('30/11/2026', '18:00', '19:00', '120'),
    ]
    await start(`MTU,P\n${rows.join('')}`, entsoe)
    expect(hours()).toEqual([
      ['11-29T23:00', 0.1],
      ['11-30T14:00', 0.12],
      ['11-30T17:00', 0.12],
    ])
    expect(ends()).toEqual(['11-30T00:00', '11-30T15:00', '11-30T18:00'])
    rig.nowMs = Date.UTC(2026, 9, 25)
    const autumn = [
      row('25/10/2026', '02:00', '02:00', '1'),
      row('25/10/2026', '02:00', '03:00', '2'),
      row('25/10/2026', '04:00', '05:00', '3'),
    ]
    await start(`MTU,P\n${autumn.join('')}`, entsoe)
    expect(ends()).toEqual([undefined, '10-25T02:00', '10-25T04:00'])
    rig.nowMs = Date.UTC(2026, 10, 30)
    await start(
      'Datum von;Datum bis;P\n30.11.2026 00:00;30.11.2026 01:00;1.048,44\n30.11.2026 16:00;30.11.2026 17:00;48,44\n',
      {
        timeColumn: 'Datum von',
        endColumn: 'Datum bis',
        priceColumn: 'P',
        timeFormat: 'DD.MM.YYYY HH:mm',
        timeZone: 'Europe/Berlin',
        delimiter: ';',
        decimalComma: true,
        scale: 0.001,
      },
    )
    expect([hours(), ends()]).toEqual([
      [
        ['11-29T23:00', 1.04844],
        ['11-30T15:00', 0.04844],
      ],
      ['11-30T00:00', '11-30T16:00'],
    ])
  })

  test('a time in another format is refused with the line and the format that was expected', async () => {
    await start('time,price\n30.11.2026 00:00,1\n', { timeFormat: 'MM/DD/YYYY HH:mm' })
    expect(rig.failing.at(-1)).toMatch(/line 2: expected MM\/DD\/YYYY HH:mm, got 30\.11\.2026 00:00/)
    await start('time,price\n13/31/2026 00:00,1\n', { timeFormat: 'MM/DD/YYYY HH:mm' })
    expect(rig.failing.at(-1)).toMatch(/line 2: expected MM\/DD\/YYYY HH:mm/)
  })

  test('the price before a hole in a list of quarter hours is stale after its quarter, and a list of changes has no holes', async () => {
    const quarter = HOUR_MS / 4
    const at = (n: number) => `${iso(T0 + n * quarter)},0.0${n % 9}\n`
    await start(`time,price\n${[0, 1, 2, 3, 4, 5, 6, 7, 8, 30, 31, 32].map(at).join('')}`)
    const quotes = rig.said.at(-1) ?? []
    expect(quotes.find((q) => q.fromMs === T0 + 8 * quarter)?.staleAfterMs).toBe(T0 + 9 * quarter - 1)
    expect(quotes.filter((q) => q.staleAfterMs !== undefined)).toHaveLength(2)
    const changes = [0, 6, 14, 24, 30, 38, 48, 54, 62, 72].map(
      (n) => `${iso(T0 + n * HOUR_MS)},0.0${n % 7}\n`,
    )
    await start(`time,price\n${changes.join('')}`, { quote: 'btcUsd' })
    expect((rig.said.at(-1) ?? []).filter((q) => q.staleAfterMs !== undefined).length).toBeGreaterThanOrEqual(
      1,
    )
  })
})
