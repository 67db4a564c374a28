import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chainsPower, farFromNeighbours } from '../../../agent/asic/equal-boards.ts'

const names = ['hashboard 1', 'hashboard 2', 'hashboard 3']
const boards = (...ths: number[]) => names.map((name, i) => ({ name, hashrateHs: (ths[i] ?? 0) * 1e12 }))
const watts = (...each: (number | undefined)[]) => new Map(names.map((name, i) => [name, each[i]]))
const ALIKE = boards(47, 47.3, 46)

describe('the watts of three boards that run alike', () => {
  test('are the machine’s, as VNish 1.2.7 gives them (protofleet, S21 Pro)', () => {
    expect(chainsPower(watts(861, 861, 861), ALIKE)).toEqual({ powerW: 2583 })
  })

  test.each([
    ['a thousandth', 1, '1 W beside 1000 and 1000 W'],
    ['a quarter', 250, '250 W beside 1000 and 1000 W'],
    ['four times', 4000, '4000 W beside 1000 and 1000 W'],
    ['nothing', 0, '0 W beside 1000 and 1000 W'],
    ['a number below 0', -1, '-1 W beside 1000 and 1000 W'],
    ['a word for none', undefined, 'not told beside 1000 and 1000 W'],
  ])('are no sum where one of them tells %s', (_what, one, words) => {
    for (const place of [0, 1, 2]) {
      const each: (number | undefined)[] = [1000, 1000, 1000]
      each[place] = one
      const { powerW, note } = chainsPower(watts(...each), ALIKE)
      expect(powerW).toBeUndefined()
      expect(note).toContain(`the power of hashboard ${place + 1} is ignored, ${words}`)
    }
  })

  test('are unknown where all of them tell 0, as VNish 1.2.0 does where it does not measure', () => {
    expect(chainsPower(watts(0, 0, 0), ALIKE)).toEqual({})
  })
})

test('a board that stands still may draw nothing beside two that run', () => {
  expect(chainsPower(watts(0, 900, 900), boards(0, 46, 47))).toEqual({ powerW: 1800 })
  expect(chainsPower(watts(undefined, 900, 900), boards(0, 46, 47))).toEqual({ powerW: 1800 })
})

test('boards that do not hash are not held against each other', () => {
  expect(chainsPower(watts(3, 40, 3), [])).toEqual({ powerW: 46 })
})

test('of two figures neither is known to be the wrong one', () => {
  expect(farFromNeighbours([1, 1000])).toEqual([])
})

test('boards that differ by less than twice are all used (property)', () =>
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 700, max: 1390 }), fc.integer({ min: 33, max: 65 })), {
        minLength: 3,
        maxLength: 3,
      }),
      (each) => {
        const { powerW } = chainsPower(watts(...each.map(([w]) => w)), boards(...each.map(([, ths]) => ths)))
        expect(powerW).toBe(each.reduce((sum, [w]) => sum + w, 0))
      },
    ),
  ))
