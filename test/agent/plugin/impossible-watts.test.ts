import { describe, expect, test } from 'vitest'
import { agreeing } from '../../../agent/plugin/agreement.ts'
import { EnergyCheck } from '../../../agent/plugin/energy-check.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'

const at = (kind: 'gpu' | 'host', energyJ: number, powerW: number): Reading => ({
  identity: { kind },
  sample: { state: 'ok', powerW, powerBasis: 'reported' },
  counters: { energyJ },
})
const after = (minutes: number, kind: 'gpu' | 'host', counterW: number, powerW: number) => {
  const check = new EnergyCheck()
  let last: Reading | undefined
  for (let s = 0; s <= minutes * 60; s += 4)
    last = check.checked(at(kind, 1e6 + counterW * s, powerW), s * 1000)
  return last
}

describe('watts that no such device draws are the worse figure beside a counter of what one does', () => {
  test.each([
    ['gpu', 598, 0],
    ['gpu', 598, 0.6],
    ['gpu', 598, 2393],
    ['host', 5230, 5.2],
    ['host', 600, 0],
    ['host', 600, 600_000],
  ] as const)('a %s whose counter grows by %d W and that reports %d W', (kind, counterW, powerW) => {
    const { sample, counters } = after(3, kind, counterW, powerW) ?? {}
    expect(counters?.energyJ).toBe(1e6 + counterW * 180)
    expect(sample).not.toHaveProperty('powerW')
    expect(sample?.faults).toEqual([
      expect.stringMatching(`its power of ${powerW} W is ignored: .* grows by ${counterW} W`),
    ])
  })
})

test('possible watts stay, and the counter goes: a module’s beside its GPU’s', () => {
  const { sample, counters } = after(3, 'gpu', 550, 300) ?? {}
  expect(sample?.powerW).toBe(300)
  expect(counters?.energyJ).toBeUndefined()
})

test('a device that is off keeps its 0 W while its counter stands', () => {
  const { sample } = after(3, 'gpu', 0, 0) ?? {}
  expect(sample?.powerW).toBe(0)
  expect(sample).not.toHaveProperty('faults')
})

test('a board at work does not draw 0 W, and one that rests may say so', () => {
  const busy = (utilizationRatio: number): Reading => ({
    identity: { kind: 'gpu' },
    sample: { state: 'busy', powerW: 0, powerBasis: 'reported', utilizationRatio },
  })
  expect(agreeing(busy(0.97)).sample).not.toHaveProperty('powerW')
  expect(agreeing(busy(0.97)).sample.faults).toHaveLength(1)
  expect(agreeing(busy(0.01)).sample.powerW).toBe(0)
})
