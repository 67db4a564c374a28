import { expect, test } from 'vitest'
import { ScenarioSchema } from '../../../../../../collector/economics/choices/scenario.ts'
import {
  NOTHING_TYPED,
  scenarioOf,
} from '../../../../../../collector/screens/web/economics/what-if/fields.ts'

test('inputs in an operator’s units become a scenario in the API’s units', () => {
  const texts = {
    btcUsd: '70,000',
    energyUsdPerKwh: '45',
    networkLeavesShare: '20',
    occupancy: '7',
    difficulty: '',
  }
  const { scenario, faults } = scenarioOf({ ...NOTHING_TYPED, texts, halving: true }, 1)
  expect(scenario).toEqual({
    btcUsd: 70_000,
    energyUsdPerKwh: 0.045,
    networkLeavesShare: 0.2,
    occupancy: 0.07,
    halving: true,
  })
  expect(faults).toEqual({})
})

test('money is typed in the page’s currency, everything else is not converted', () => {
  const texts = { btcUsd: '45000', energyUsdPerKwh: '45', feesBtcPerBlock: '0.03' }
  expect(scenarioOf({ ...NOTHING_TYPED, texts }, 0.9).scenario).toEqual({
    btcUsd: 50_000,
    energyUsdPerKwh: 0.05,
    feesBtcPerBlock: 0.03,
  })
})

test('a text that is not a number is a fault of its field, and is left out of the scenario', () => {
  const { scenario, faults } = scenarioOf({ ...NOTHING_TYPED, texts: { btcUsd: 'much', occupancy: '50' } }, 1)
  expect(scenario).toEqual({ occupancy: 0.5 })
  expect(faults).toEqual({ btcUsd: 'expected a number' })
})

test('a conversion is left out until its required fields are filled in; then the API accepts it', () => {
  const texts = {
    'conversion.powerMw': '2',
    'conversion.capexUsdPerMw': '8.5',
    'conversion.usdPerGpuHour': '2.1',
    'conversion.kwPerGpu': '1.4',
    'conversion.occupancy': '80',
  }
  const typed = { ...NOTHING_TYPED, soldAs: 'gpus' as const, from: 'mining', texts }
  expect(scenarioOf(typed, 1)).toMatchObject({ scenario: {}, missing: ['Time to build'] })
  const whole = scenarioOf({ ...typed, texts: { ...texts, 'conversion.months': '9' } }, 1)
  expect(whole.missing).toEqual([])
  expect(ScenarioSchema.parse(whole.scenario).conversion).toMatchObject({
    from: 'mining',
    powerMw: 2,
    capexUsdPerMw: 8_500_000,
    months: 9,
    occupancy: 0.8,
  })
})

test('a currency’s rate leaves no trace of rounding in the scenario', () => {
  const { scenario } = scenarioOf({ ...NOTHING_TYPED, texts: { occupancy: '0.07' } }, 1)
  expect(scenario).toEqual({ occupancy: 0.0007 })
})
