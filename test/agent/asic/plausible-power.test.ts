import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AsicFacts } from '../../../agent/asic/facts.ts'
import { ratingOf } from '../../../agent/asic/models/rated-efficiency.ts'
import { LastingDoubt } from '../../../agent/asic/plausible-power.ts'
import { asicReading } from '../../../agent/asic/reading.ts'

const miner = (facts: Partial<AsicFacts>): AsicFacts => ({ uptimeS: 90_000, ...facts })
const withPower = (facts: AsicFacts, powerW: number) =>
  asicReading({ ...facts, power: { powerW, basis: 'reported' } })

// the reply of a M60S with API 2.2.2: 180.78 TH/s by the summary, 3394.88 W
const M60S = miner({
  model: 'Whatsminer M60S_VK40',
  hashrateHs: 180.78e12,
  expectedHashrateHs: 177.13e12,
  efficiencyJPerTh: 18.5,
})
const BITAXE = miner({ model: 'Bitaxe Gamma 601', hashrateHs: 1.2e12, expectedHashrateHs: 1.2e12 })
const UNKNOWN = miner({ model: 'ACME T3', hashrateHs: 180.78e12, expectedHashrateHs: 177.13e12 })

describe.each([
  ['M60S', M60S, 3394.88],
  ['Bitaxe', BITAXE, 17.5],
  ['a machine of an unknown model', UNKNOWN, 3394.88],
])('%s', (_, facts, powerW) => {
  test('its watts are used', () => {
    expect(withPower(facts, powerW).sample).toMatchObject({ powerW, powerBasis: 'reported' })
    expect(withPower(facts, powerW).sample.faults).toBeUndefined()
  })

  test.each([1e-6, 1e-3, 1e3, 1e6])(
    'watts times %d are ignored, and the fault tells both figures',
    (factor) => {
      const { powerW: used, powerBasis, faults } = withPower(facts, powerW * factor).sample
      expect(powerBasis).not.toBe('reported')
      if (used !== undefined) expect(powerBasis).toBe('modelled')
      expect(faults).toEqual([
        expect.stringMatching(
          /^the power reading of [\d.,]+ W is ignored: .*[TGMk]?H\/s .*W; check its unit/,
        ),
      ])
    },
  )
})

test('a machine with one chip of three hundred left draws what it draws', () => {
  const { sample } = withPower({ ...M60S, hashrateHs: 0.6e12 }, 900)
  expect(sample.powerW).toBe(900)
})

test('a machine that was just stopped draws 30 W while its average hashrate still falls', () => {
  const stopped = { ...M60S, power: { powerW: 30, basis: 'reported' as const } }
  const doubt = new LastingDoubt()
  const at = (minutes: number) => asicReading(stopped, (d) => doubt.lasts(d, minutes * 60_000)).sample
  expect(at(0).powerW).toBe(30)
  expect(at(4).powerW).toBe(30)
  // what shows its full hashrate for longer has wrong watts
  expect(at(6).powerBasis).toBe('modelled')
})

test('half a watt beside full hashrate is no power at all, so it is ignored at once', () => {
  const doubt = new LastingDoubt()
  const facts = { ...M60S, power: { powerW: 0.5, basis: 'reported' as const } }
  const { sample } = asicReading(facts, (d) => doubt.lasts(d, 0))
  expect(sample.powerBasis).toBe('modelled')
  expect(sample.faults).toEqual([expect.stringContaining('the power reading of 0.5 W is ignored')])
})

test('a machine that starts or sleeps is not held against a hashrate', () => {
  for (const facts of [
    { ...M60S, ramping: true },
    { ...M60S, hashrateHs: 0, asleep: true },
  ])
    expect(withPower(facts, 3.4).sample.powerW).toBe(3.4)
})

const RATED = [
  'Antminer S9',
  'Antminer S21',
  'Whatsminer M30S++_VH60',
  'AvalonMiner 1246-83',
  'SealMiner A2',
  'Auradine AT2880',
  'Bitaxe Gamma 601',
]

describe('the watts of a rated model that no tuning makes are not used', () => {
  test.each([
    ['a M60S with a quarter of its watts', M60S, 852],
    ['a M60S with four times its watts', M60S, 13_579],
    ['a Bitaxe with four times its watts', BITAXE, 69.6],
    ['a Bitaxe with a quarter of its watts', BITAXE, 4.4],
  ])('%s', (_what, facts, powerW) => {
    const { powerBasis, faults } = withPower(facts, powerW).sample
    expect(powerBasis).not.toBe('reported')
    expect(faults).toEqual([expect.stringContaining('the power reading of')])
  })

  // LuxOS 2025.4 (asic-rs, profiles of a S19k Pro) and VNish 1.2.7 (protofleet, presets of a S21 Pro)
  test.each([
    ['Antminer S19k Pro', 39.2, 784],
    ['Antminer S19k Pro', 163.1, 4195],
    ['Antminer S21 Pro', 170, 2550],
    ['Antminer S21 Pro', 313, 4690],
  ])('those of %s tuned to %d TH/s at %d W are', (model, ths, powerW) => {
    const { sample } = withPower(miner({ model, hashrateHs: ths * 1e12 }), powerW)
    expect(sample).toMatchObject({ powerW, powerBasis: 'reported' })
  })
})

test('the watts of a rated model are used from 0.55 to twice its rating, whatever part of its hashrate is left (property)', () =>
  fc.assert(
    fc.property(
      fc.constantFrom(...RATED),
      fc.double({ min: 0.5, max: 2, noNaN: true }),
      fc.double({ min: 0.01, max: 1.3, noNaN: true }),
      (model, factor, part) => {
        const { hashrateThs = 0, powerW = 0 } = ratingOf(model) ?? {}
        const drawn = powerW * Math.max(factor, 0.55 * part)
        const { sample } = withPower(miner({ model, hashrateHs: part * hashrateThs * 1e12 }), drawn)
        expect(sample.powerBasis).toBe('reported')
      },
    ),
  ))
