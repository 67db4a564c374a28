import { describe, expect, test } from 'vitest'
import { factoryUnit, fitsPower, isTerahash, unitOf } from '../../../agent/asic/hashrate-unit.ts'

const unit = (value: number, referenceHs: number | undefined, settled = true) =>
  unitOf(value, { named: 'MH', referenceHs, settled })

describe('the unit of a hashrate that its name calls MH/s', () => {
  test.each([
    ['as it is named', 180_783_360, 'MH'],
    ['thousands of it', 180_783, 'GH'],
    ['millions of it', 180.78, 'TH'],
    ['a thousandth of it', 180_783_360_000, 'kH'],
    ['a spike to the threefold', 540_000_000, 'MH'],
    ['a hundredth, of a machine that has lost its boards', 1_800_000, 'MH'],
    ['nothing', 0, 'MH'],
  ])('is decided by what the machine can do: %s', (_, value, expected) => {
    expect(unit(value, 177e12)).toBe(expected)
  })

  test('is the named one where nothing is known of the machine', () => {
    expect(unit(51.95, undefined)).toBe('MH')
  })

  test('stays the named one while the machine climbs through a thousandth', () => {
    expect(unit(177_000, 177e12, false)).toBe('MH')
    expect(unit(177_000, 177e12, true)).toBe('GH')
  })
})

test.each([
  [177_132, 'GH'],
  [177.132, 'TH'],
  [177_132_000, 'MH'],
  [1_350_000, 'GH'],
  [undefined, 'GH'],
])('a factory hashrate of %s is in %s/s', (value, expected) => {
  expect(factoryUnit(value, 'GH')).toBe(expected)
})

test.each([
  [180.78e12, 3394.88, true],
  [180.78e6, 3394.88, false],
  [130e12, 60, false],
  [180.78e12, undefined, false],
])('whether %d H/s fit %s W', (hs, powerW, fits) => {
  expect(fitsPower(hs, powerW)).toBe(fits)
})

test.each([
  // case M1: 180.79 under the name of MHS, beside 3,394.88 W
  [180.79, 3394.88, true],
  // the same in MH/s, and in GH/s
  [180_793_184, 3394.88, false],
  [180_793, 3394.88, false],
  // a machine of 0.3 TH/s that fails: neither
  [300_000, 3000, false],
  [180.79, undefined, false],
  [undefined, 3394.88, false],
])('%s MH/s at %s W are TH/s: %s', (value, powerW, is) => expect(isTerahash(value, powerW)).toBe(is))
