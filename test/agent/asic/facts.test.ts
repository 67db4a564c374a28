import { expect, test } from 'vitest'
import { coldest, fansWithSpeed, sumOfAll } from '../../../agent/asic/facts.ts'

test('a sum is known where every part is, and there is one', () => {
  expect(sumOfAll([1, 2, 0])).toBe(3)
  expect(sumOfAll([1, undefined])).toBeUndefined()
  expect(sumOfAll([])).toBeUndefined()
})

test('a fan of unknown speed is left out, one at 0 rpm is not', () => {
  const fans = [
    { name: 'fan 1', rpm: 0 },
    { name: 'fan 2', rpm: undefined },
  ]
  expect(fansWithSpeed(fans)).toEqual([{ name: 'fan 1', rpm: 0 }])
})

test('the coldest of no sensors is unknown', () => {
  expect(coldest([25.5, -3])).toBe(-3)
  expect(coldest([])).toBeUndefined()
})
