import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPossible, possible } from '../../../agent/gpu/ranges.ts'
import { QUANTITIES, type Quantity } from '../../../protocol/sample.ts'

/** The quantities that a GPU's reading can have. */
const OF_A_GPU = QUANTITIES.filter((q) =>
  /^(power|utilization|memory|tempC|smClock|fan|ecc)/.test(q),
) as Quantity[]

test.each(OF_A_GPU)('%s has a range: placeholders of 32 and 64 bits are no value', (quantity) => {
  for (const placeholder of [2 ** 64, 2 ** 63, -1e6, Number.NaN])
    expect(isPossible(quantity, placeholder), String(placeholder)).toBe(false)
})

test('a reading keeps what is possible, and loses only what is not (property)', () =>
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...OF_A_GPU), fc.double({ noNaN: true }), { noNullPrototype: true }),
      (sample) => {
        const { sample: kept } = possible({ identity: { kind: 'gpu' }, sample: { state: 'ok', ...sample } })
        for (const quantity of OF_A_GPU) {
          const value = kept[quantity]
          if (value !== undefined) expect(isPossible(quantity, value)).toBe(true)
          else if (quantity !== 'memoryUsedBytes' && sample[quantity] !== undefined)
            expect(isPossible(quantity, sample[quantity])).toBe(false)
        }
      },
    ),
  ))

test('a counter beyond what any board can have drawn is none', () => {
  const counting = (energyJ: number) =>
    possible({ identity: { kind: 'gpu' }, sample: { state: 'ok' }, counters: { energyJ } }).counters
  expect(counting(9_007_199_254.123)).toEqual({ energyJ: 9_007_199_254.123 })
  for (const energyJ of [1.8446744073709552e16, -1]) expect(counting(energyJ)).toBeUndefined()
})
