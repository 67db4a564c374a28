import { expect, test } from 'vitest'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { withConfiguredLimits } from '../../../agent/polling/configured-limits.ts'

const CONFIG = { id: 'rig', driver: 'cgminer', host: '192.0.2.1' }
const reading = (sample: Reading['sample']): Reading => ({ identity: { kind: 'asic' }, sample })
const rated = (sample: Reading['sample']) =>
  withConfiguredLimits(reading(sample), { ...CONFIG, ratedPowerW: 3000 }).sample
const expecting = (sample: Reading['sample']) =>
  withConfiguredLimits(reading(sample), { ...CONFIG, expectedHashrateHs: 100e12 }).sample

test('the name plate counts, marked so, only for a machine that runs and says no power', () => {
  expect(rated({ state: 'hashing' })).toEqual({ state: 'hashing', powerW: 3000, powerBasis: 'rated' })
  const modelled = { state: 'hashing', powerW: 2800, powerBasis: 'modelled' } as const
  expect(rated(modelled)).toEqual(modelled)
  expect(rated({ state: 'sleeping' })).toEqual({ state: 'sleeping' })
})

test('a part of a machine has no name plate of its own', () => {
  const gpu = { ...reading({ state: 'busy' }), part: 'gpu0' }
  expect(withConfiguredLimits(gpu, { ...CONFIG, ratedPowerW: 3000 })).toBe(gpu)
})

test('a hashrate of more than twice the configured one becomes a fault, and power that was modelled from it is removed', () => {
  const spike = { state: 'hashing', hashrateHs: 201e12, powerW: 6000, faults: ['fan 1: 0 rpm'] } as const
  const faults = [
    'the hashrate reading of 201 TH/s is ignored: more than twice the expected 100 TH/s',
    'fan 1: 0 rpm',
  ]
  expect(expecting({ ...spike, faults: [...spike.faults], powerBasis: 'modelled' })).toEqual({
    state: 'hashing',
    faults,
  })
  expect(expecting({ ...spike, faults: [...spike.faults], powerBasis: 'reported' })).toEqual({
    state: 'hashing',
    powerW: 6000,
    powerBasis: 'reported',
    faults,
  })
})

test('a hashrate of twice the configured one is kept', () => {
  const twice = { state: 'hashing', hashrateHs: 200e12 } as const
  expect(expecting(twice)).toEqual(twice)
})

test('a power of more than twice the name plate is ignored, and the fault tells both figures', () => {
  expect(rated({ state: 'hashing', powerW: 6500, powerBasis: 'reported' })).toEqual({
    state: 'hashing',
    powerW: 3000,
    powerBasis: 'rated',
    faults: [
      'the power reading of 6,500 W is ignored: more than twice the configured ratedPowerW of 3,000 W',
    ],
  })
  const overclocked = { state: 'hashing', powerW: 5900, powerBasis: 'reported' } as const
  expect(rated(overclocked)).toEqual(overclocked)
})

test('a meter’s rating bounds its power in both directions, and is never shown in place of it', () => {
  const meter = (powerW?: number) =>
    withConfiguredLimits(
      {
        identity: { kind: 'meter' },
        sample: { state: 'ok', ...(powerW !== undefined && { powerW, powerBasis: 'metered' }) },
      },
      { ...CONFIG, ratedPowerW: 250_000 },
    ).sample
  for (const wildW of [500e6, -500e6])
    expect(meter(wildW)).toEqual({ state: 'ok', faults: [expect.stringContaining('is ignored')] })
  expect(meter(-400_000)).toMatchObject({ powerW: -400_000 })
  expect(meter()).toEqual({ state: 'ok' })
})
