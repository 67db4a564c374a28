import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PartCounter } from '../../../agent/counting/part-counter.ts'

const taken = (pairs: readonly (readonly [whole: number, part: number])[]) => {
  const counter = new PartCounter()
  return pairs.map(([whole, part]) => counter.take(whole, part))
}

test('a part that keeps within its whole is reported unchanged', () => {
  expect(
    taken([
      [100, 40],
      [200, 90],
      [250, 140],
    ]),
  ).toEqual([40, 90, 140])
})

test('what a part has too much is told later, as far as the whole grows by more', () => {
  expect(
    taken([
      [100, 40],
      [110, 80],
      [200, 80],
    ]),
  ).toEqual([40, 50, 80])
})

test('after a new start of the whole the part is counted from there', () => {
  expect(
    taken([
      [1000, 100],
      [50, 20],
    ]),
  ).toEqual([100, 20])
})

test('neither the part nor the rest ever falls while the whole grows', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1000), fc.nat(3000))), (steps) => {
      const counter = new PartCounter()
      let [whole, part, lastPart, lastRest] = [0, 0, 0, 0]
      for (const [more, moreOfPart] of steps) {
        whole += more
        part += moreOfPart
        const told = counter.take(whole, part)
        expect(told).toBeGreaterThanOrEqual(lastPart)
        expect(whole - told).toBeGreaterThanOrEqual(lastRest)
        lastPart = told
        lastRest = whole - told
      }
    }),
  )
})
