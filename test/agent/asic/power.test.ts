import { expect, test } from 'vitest'
import { powerFact, wattsOf } from '../../../agent/asic/power.ts'

test('0 W is a power, unknown watts are none', () => {
  expect(powerFact(0, 'reported')).toEqual({ powerW: 0, basis: 'reported' })
  expect(powerFact(undefined, 'reported')).toBeUndefined()
})

test('0 W of a machine that hashes is unknown', () => {
  const row = { power: 0, power5m: '3250 W' }
  expect(wattsOf(row, true, 'power', 'power5m')).toBe(3250)
  expect(wattsOf(row, true, 'power')).toBeUndefined()
  expect(wattsOf(row, false, 'power', 'power5m')).toBe(0)
})
