import { expect, test } from 'vitest'
import {
  macOf,
  nonNegativeOf,
  numberOf,
  numbersOf,
  positiveOf,
  rowsOf,
  textOf,
} from '../../../../agent/wire/loose-json/fields.ts'

test.each([
  [12.5, 12.5],
  ['37603.30', 37603.3],
  ['3250 W', 3250],
  ['9.5%', 9.5],
  ['-5', -5],
  ['', undefined],
  ['nan', undefined],
  ['12 of 14', undefined],
  ['1e999', undefined],
  [1e300, undefined],
  [Number.NaN, undefined],
  [null, undefined],
  [[1], undefined],
])('the number in %j is %s', (value, number) => {
  expect(numberOf(value)).toBe(number)
})

test('of several names the first with a number from 0 up counts', () => {
  const row = { Power: -1, Power_RT: '3401', Idle: 0 }
  expect(nonNegativeOf(row, 'Power', 'Power_RT')).toBe(3401)
  expect(nonNegativeOf(row, 'Idle')).toBe(0)
  expect(positiveOf(row, 'Idle')).toBeUndefined()
  expect(positiveOf(row, 'Idle', 'Power_RT')).toBe(3401)
  expect(nonNegativeOf(undefined, 'Power')).toBeUndefined()
})

test.each([
  ['73-45-64-65', [73, 45, 64, 65]],
  ['-5--3-0', [-5, -3, 0]],
  [' 63  66', [63, 66]],
  ['m-m', []],
  ['', []],
  [
    [40, '41.5', null],
    [40, 41.5],
  ],
  [7, [7]],
])('the numbers in %j are %j', (value, numbers) => {
  expect(numbersOf(value)).toEqual(numbers)
})

test.each([
  ['02:1a:2B:00:00:11', '02:1A:2B:00:00:11'],
  ['021A2B000011', '02:1A:2B:00:00:11'],
  ['02-1a-2b-00-00-11', '02:1A:2B:00:00:11'],
  ['000000000000', undefined],
  ['<DELETED>', undefined],
  [undefined, undefined],
])('the MAC address in %j is %s', (value, mac) => {
  expect(macOf(value)).toBe(mac)
})

test('a text is one line without its quotes, and an empty one says nothing', () => {
  expect(textOf({ a: ' ', b: "'20210322.22\n REL'" }, 'a', 'b')).toBe('20210322.22 REL')
  expect(textOf({ a: ' ' }, 'a')).toBeUndefined()
})

test('a section is a list of rows, whether the firmware sends one, a list, or something else', () => {
  expect(rowsOf({ INFO: { a: 1 } }, 'INFO')).toEqual([{ a: 1 }])
  expect(rowsOf({ STATS: [{ a: 1 }, null, 'x', { b: 2 }] }, 'STATS')).toEqual([{ a: 1 }, { b: 2 }])
  expect(rowsOf(undefined, 'STATS')).toEqual([])
})
