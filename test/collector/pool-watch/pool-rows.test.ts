import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { hashrateText, maybe } from '../../../collector/pool-watch/pool-fields.ts'
import {
  Rows,
  rows,
  rowsByName,
  rowsIfAny,
  sumByDay,
  unreadIn,
} from '../../../collector/pool-watch/pool-rows.ts'

const DAY_MS = 86_400_000
const Row = z.object({ atMs: z.number(), amount: z.number() })
const List = rows(
  Row,
  z.object({ atMs: z.number() }).transform((row) => row.atMs),
)
const sums = (list: unknown, none?: number) =>
  sumByDay(
    List.parse(list),
    (row) => row.atMs,
    (row) => row.amount,
    none,
  )

describe('a list of a pool’s answer', () => {
  test('leaves out a row that can’t be read, and says which and why', () => {
    const read = List.parse([{ atMs: 1, amount: 2 }, { atMs: 1, amount: '--' }, null])
    expect(read.list).toEqual([{ atMs: 1, amount: 2 }])
    expect(unreadIn({ data: { rows: read, page: 1 } })).toEqual([
      '2 of 3 rows can’t be read and are left out: row 2: amount: expected a number, got --',
    ])
  })

  test('that is missing is told; null, and one that a pool leaves out, are no rows', () => {
    expect(unreadIn(z.object({ rows: List }).parse({}))).toEqual(['a list is missing'])
    expect(unreadIn(z.object({ rows: List }).parse({ rows: null }))).toEqual([])
    expect(unreadIn(z.object({ rows: rowsIfAny(Row) }).parse({}))).toEqual([])
    expect(rowsByName(Row).parse(null)).toEqual(new Rows([]))
  })

  test('by names is read name by name', () => {
    expect(rowsByName(Row).parse({ a: { atMs: 1, amount: 2 }, total: 1 })).toMatchObject({
      list: [['a', { atMs: 1, amount: 2 }]],
      unread: expect.stringMatching(/^1 of 2 rows/),
    })
  })

  test('a day is never added up from a part of its rows', () => {
    const row = fc.record({
      day: fc.integer({ min: 0, max: 4 }),
      amount: fc.integer({ min: 0, max: 1e9 }),
      fault: fc.constantFrom('none', 'none', 'none', 'amount', 'all'),
    })
    fc.assert(
      fc.property(fc.array(row), (all) => {
        const sum = sums(
          all.map(({ day, amount, fault }) =>
            fault === 'all' ? null : { atMs: day * DAY_MS + 5, amount: fault === 'amount' ? 'x' : amount },
          ),
          0,
        )
        const isOpen = all.some((r) => r.fault === 'all')
        for (let day = 0; day < 5; day++) {
          const own = all.filter((r) => r.day === day)
          const whole = own.reduce((total, r) => total + r.amount, 0)
          const isWhole = !isOpen && own.every((r) => r.fault === 'none')
          expect(sum(day * DAY_MS)).toBe(isWhole ? whole : undefined)
        }
      }),
    )
    expect(sums(null, 0)(0)).toBeUndefined()
    expect(sums([])(0)).toBeUndefined()
  })
})

describe('fields as pools write them', () => {
  test.each([
    ['35.42 PH/s', 35.42e15],
    ['1,009.90 TH/s', 1009.9e12],
    ['12,345,678 GH/s', 12_345_678e9],
    ['9.90PH', 9.9e15],
    ['0', 0],
    ['0.00 H/s', 0],
    ['', undefined],
    [' ', undefined],
    [null, undefined],
  ])('the hashrate %j is %j', (text, hashrateHs) => {
    const read = maybe(hashrateText).parse(text)
    if (hashrateHs === undefined) expect(read).toBeUndefined()
    else expect(read).toBeCloseTo(hashrateHs, -3)
  })

  test.each(['9.90P', '9900', '1,0 TH/s', '--', 'n/a', '-1 TH/s'])('%j is no hashrate', (text) => {
    expect(() => maybe(hashrateText).parse(text)).toThrow(/expected a hashrate/)
  })
})
