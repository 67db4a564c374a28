import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inRange } from '../../../agent/plugin/in-range.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { DEVICE_KINDS, type DeviceKind } from '../../../protocol/device.ts'
import { isPossible, QUANTITIES, type Quantity, rangeOf } from '../../../protocol/quantities.ts'

const readingOf = (kind: DeviceKind, sample: Partial<Record<Quantity, number>>): Reading => ({
  identity: { kind },
  sample: { state: 'ok', ...sample },
})

describe.each(QUANTITIES)('%s', (quantity) => {
  test.each(DEVICE_KINDS)(
    'of a %s: no placeholder of 32 or 64 bits, in any unit, is a value of it',
    (kind) => {
      for (const scale of [1, 0.001, 0.01, 1e6, 2 ** 20])
        for (const bits of [2 ** 31 - 1, 2 ** 32 - 1, 2 ** 63, 2 ** 64])
          expect(inRange(readingOf(kind, { [quantity]: bits * scale })).sample).toEqual({ state: 'ok' })
    },
  )

  test('a value beyond its range is absent, and a fault tells it', () => {
    const [least, most] = rangeOf(quantity, 'gpu')
    for (const value of [least - 12_345.6, 1.2345 * most + 1]) {
      const { sample } = inRange(readingOf('gpu', { [quantity]: value }))
      expect(sample[quantity]).toBeUndefined()
      expect(sample.faults).toEqual([expect.stringMatching(/^its .+ of -?[\d,.]+.* is ignored: possible is/)])
    }
  })
})

test('DCGM’s utilisation of 2619 % is ignored and told; its 4294967295 % is a word for none', () => {
  expect(inRange(readingOf('gpu', { utilizationRatio: 26.19 })).sample).toEqual({
    state: 'ok',
    faults: ['its utilisation of 2,619 % is ignored: possible is 0 % to 105 %'],
  })
  expect(inRange(readingOf('gpu', { utilizationRatio: 42_949_672.95 })).sample).toEqual({ state: 'ok' })
})

test.each([
  [{ tempC: 255 }, 'a failed sensor'],
  [{ tempC: -273 + 0 }, undefined],
  [{ fanRpm: 65_535 }, 'no fan'],
  [{ powerW: -1 }, 'no power'],
  [{ memoryUsedBytes: -1 }, 'no memory'],
] as const)('%o is absent', (sample, word) => {
  const { state: _, faults, ...left } = inRange(readingOf('gpu', sample)).sample
  expect(left).toEqual({})
  // what is no word for none is told
  expect(faults === undefined).toBe(word !== undefined)
})

test('power that is gone takes its basis along', () => {
  const reading = readingOf('asic', { powerW: 3_394_880 })
  const { sample } = inRange({ ...reading, sample: { ...reading.sample, powerBasis: 'reported' } })
  expect(sample).toEqual({ state: 'ok', faults: [expect.stringContaining('power of 3,394,880 W')] })
})

test('a utilisation of a hair above 1 is rounding', () => {
  expect(inRange(readingOf('gpu', { utilizationRatio: 1.0000001 })).sample.utilizationRatio).toBe(1)
})

test.each([
  'N/A',
  '[N/A]',
  'n/a',
  '[Not Supported]',
  '[Unknown Error]',
  'Unknown',
  '--',
  '',
  '  ',
  'None',
  'null',
  'nan',
  'ERR!',
  'To Be Filled By O.E.M.',
  'Not Specified',
])('a machine whose name is %j has none', (text) => {
  const { identity } = inRange({
    identity: { kind: 'host', model: text, hardwareId: text },
    sample: { state: 'ok' },
  })
  expect(identity).toEqual({ kind: 'host' })
})

test.each(['Antminer S21', 'NVIDIA H100', 'None-such 5', 'NA-100', 'Error Systems X'])(
  '%s is a name',
  (model) => {
    expect(inRange({ identity: { kind: 'host', model }, sample: { state: 'ok' } }).identity.model).toBe(model)
  },
)

test('a counter that no device can have reached is absent, and the others stay', () => {
  const { counters } = inRange({
    identity: { kind: 'gpu' },
    sample: { state: 'ok' },
    counters: {
      energyJ: 2 ** 64 / 1000,
      byOwner: [{ owner: {}, workDiff1: 1e25, tokensIn: 5, tokensOut: -1 }],
      unsold: [{ owner: {}, counter: 'all input', tokensIn: -1, tokensOut: 7 }],
    },
  })
  expect(counters).toEqual({
    byOwner: [{ owner: {}, tokensIn: 5 }],
    unsold: [{ owner: {}, counter: 'all input', tokensOut: 7 }],
  })
})

test('a reading keeps what is possible, and loses only what is not (property)', () =>
  fc.assert(
    fc.property(
      fc.constantFrom(...DEVICE_KINDS),
      fc.dictionary(
        fc.constantFrom(...QUANTITIES),
        fc.oneof(fc.double({ noNaN: true }), fc.double({ min: -100, max: 10_000, noNaN: true })),
        { noNullPrototype: true },
      ),
      (kind, sample) => {
        const kept = inRange(readingOf(kind, sample)).sample
        for (const quantity of QUANTITIES) {
          const [before, after] = [sample[quantity], kept[quantity]]
          if (after !== undefined) expect(isPossible(quantity, kind, after)).toBe(true)
          else if (before !== undefined && Math.abs(before) < 30_000)
            expect(isPossible(quantity, kind, before), `${quantity} ${before}`).toBe(false)
        }
        expect(inRange(inRange(readingOf(kind, sample)))).toEqual(inRange(readingOf(kind, sample)))
      },
    ),
  ))
