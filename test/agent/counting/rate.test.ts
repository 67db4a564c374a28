import { expect, test } from 'vitest'
import { Rate } from '../../../agent/counting/rate.ts'

const of = (counters: Record<string, number>) => new Map(Object.entries(counters))

test('a rate is what all counters grew by, per second, and is unknown at first', () => {
  const rate = new Rate()
  expect(rate.perS(of({ a: 100, b: 5 }), 1000)).toBeUndefined()
  expect(rate.perS(of({ a: 150, b: 15 }), 3000)).toBe(30)
  expect(rate.perS(of({ a: 150, b: 15 }), 4000)).toBe(0)
})

test('a counter that began again or is new adds nothing once, and the others go on', () => {
  const rate = new Rate()
  rate.perS(of({ a: 1_000_000, b: 10 }), 0)
  expect(rate.perS(of({ a: 7, b: 20, c: 9_000 }), 1000)).toBe(10)
  expect(rate.perS(of({ a: 8, b: 20, c: 9_002 }), 2000)).toBe(3)
})

test('where every counter began again the rate is unknown, never negative', () => {
  const rate = new Rate()
  rate.perS(of({ a: 500 }), 0)
  expect(rate.perS(of({ a: 1 }), 1000)).toBeUndefined()
})

test('without time between two readings there is no rate', () => {
  const rate = new Rate()
  rate.perS(of({ a: 1 }), 1000)
  expect(rate.perS(of({ a: 2 }), 1000)).toBeUndefined()
})
