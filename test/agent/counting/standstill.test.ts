import { expect, test } from 'vitest'
import { Standstill } from '../../../agent/counting/standstill.ts'

test('a counter that stands beside watts that made some of its steps may be an old page, for a minute', () => {
  const still = new Standstill()
  still.add(10_000, 10_000, 5000)
  expect([still.mayRepeat(50_000), still.mayRepeat(10_000)]).toEqual([false, true])
  still.end()
  expect(still.mayRepeat(10_000)).toBe(false)
  for (let s = 0; s <= 60; s += 5) still.add(10_000, 10_000, 5000)
  expect(still.mayRepeat(10_000)).toBe(false)
})
