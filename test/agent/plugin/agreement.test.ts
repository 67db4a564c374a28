import fc from 'fast-check'
import { expect, test } from 'vitest'
import { agreeing } from '../../../agent/plugin/agreement.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'

const gpu = (sample: Partial<Reading['sample']>): Reading => ({
  identity: { kind: 'gpu' },
  sample: { state: 'busy', powerBasis: 'reported', ...sample },
})
const miner = (sample: Partial<Reading['sample']>): Reading => ({
  identity: { kind: 'asic' },
  sample: { state: 'hashing', powerBasis: 'reported', ...sample },
})

test('a GPU that draws four times its limit is ignored, and the fault tells both figures', () => {
  const { sample } = agreeing(gpu({ powerW: 2800, powerLimitW: 700 }))
  expect(sample).toEqual({
    state: 'busy',
    powerLimitW: 700,
    faults: [
      'its power of 2,800 W is ignored: it contradicts its power limit of 700 W; check both on the machine’s own page',
    ],
  })
})

test.each([
  ['NVIDIA H100 80GB HBM3', 4_200],
  ['NVIDIA A100-SXM4-80GB', 1_600],
  ['NVIDIA L4', 720],
  ['Tesla T4', 700],
  ['AMD Instinct MI300X', 3_000],
  ['AMD Instinct MI210', 1_200],
])('%s that draws %d W and tells no limit is ignored', (model, powerW) => {
  const reading = gpu({ powerW, utilizationRatio: 0.9 })
  const { sample } = agreeing({ ...reading, identity: { kind: 'gpu', model } })
  expect(sample).toEqual({
    state: 'busy',
    utilizationRatio: 0.9,
    faults: [
      expect.stringMatching(
        new RegExp(`^its power of [\\d,]+ W is ignored: no ${model} has a power limit of more than`),
      ),
    ],
  })
})

test.each([
  ['NVIDIA A100-SXM4-80GB', 523],
  ['NVIDIA A10', 171],
  ['NVIDIA GB300', 1_450],
  ['NVIDIA RTX A6000', 318],
  ['NVIDIA RTX 4000 SFF Ada Generation', 74],
  ['NVIDIA A1000', 400],
  ['a board of another maker', 1_900],
])('%s may draw %d W', (model, powerW) => {
  const reading: Reading = { ...gpu({ powerW }), identity: { kind: 'gpu', model } }
  expect(agreeing(reading)).toBe(reading)
})

test('where the instantaneous power agrees with the average, the limit is the worse figure', () => {
  const { sample } = agreeing(gpu({ powerW: 631.95, powerInstantW: 640, powerLimitW: 7 }))
  expect(sample).toMatchObject({ powerW: 631.95, powerInstantW: 640, powerBasis: 'reported' })
  expect(sample.powerLimitW).toBeUndefined()
})

test('a busy GPU at a thousandth of its limit is ignored', () => {
  const { sample } = agreeing(gpu({ powerW: 0.63, powerLimitW: 700, utilizationRatio: 0.99 }))
  expect(sample.powerW).toBeUndefined()
  expect(sample.faults).toHaveLength(1)
})

test('a miner’s limit that is not in watts is the worse figure where hashrate and power agree', () => {
  const { sample } = agreeing(miner({ powerW: 3394.88, powerLimitW: 3.4, hashrateHs: 180.78e12 }))
  expect(sample.powerW).toBe(3394.88)
  expect(sample.powerLimitW).toBeUndefined()
})

test.each([
  ['an idle H100', { powerW: 68, powerInstantW: 71, powerLimitW: 700, utilizationRatio: 0 }],
  ['a board in its boost', { powerW: 742, powerInstantW: 1150, powerLimitW: 700, utilizationRatio: 1 }],
  ['a board that has just begun', { powerW: 70, powerInstantW: 690, powerLimitW: 700, utilizationRatio: 1 }],
  ['a desktop board asleep', { powerW: 3.2, powerLimitW: 450, utilizationRatio: 0 }],
  ['a small board', { powerW: 9, powerLimitW: 70, utilizationRatio: 0.6 }],
])('the figures of %s are used', (_, sample) => {
  const reading = gpu(sample)
  expect(agreeing(reading)).toBe(reading)
})

test('a part above its whole is absent: memory, boards, chips', () => {
  const { sample } = agreeing(
    miner({ boardsWorking: 30, boardsFitted: 3, chipsWorking: 330, chipsFitted: 342 }),
  )
  expect(sample).toMatchObject({ boardsFitted: 3, chipsWorking: 330, chipsFitted: 342 })
  expect(sample.boardsWorking).toBeUndefined()
  expect(agreeing(gpu({ memoryUsedBytes: 2, memoryTotalBytes: 1 })).sample.memoryUsedBytes).toBeUndefined()
})

test('what a meter measures has no limit of its own', () => {
  const reading: Reading = {
    identity: { kind: 'meter' },
    sample: { state: 'ok', powerW: 90_000, powerLimitW: 7 },
  }
  expect(agreeing(reading)).toBe(reading)
})

test('for every contradiction exactly one figure goes, and no figure changes (property)', () =>
  fc.assert(
    fc.property(
      fc.record({
        powerW: fc.double({ min: 0.5, max: 5000, noNaN: true }),
        powerInstantW: fc.option(fc.double({ min: 0.5, max: 5000, noNaN: true }), { nil: undefined }),
        powerLimitW: fc.double({ min: 1, max: 5000, noNaN: true }),
        utilizationRatio: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      ({ powerInstantW, ...rest }) => {
        const before = gpu({ ...rest, ...(powerInstantW !== undefined && { powerInstantW }) })
        const { faults = [], powerBasis: _, ...after } = agreeing(before).sample
        const { powerBasis: __, ...told } = before.sample
        const lost = Object.keys(told).filter((name) => !(name in after))
        expect(lost).toHaveLength(faults.length)
        expect(told).toMatchObject(after)
      },
    ),
  ))

test('air that comes in, or a board, far warmer than the hottest chip of a hashing miner is ignored', () => {
  const warm = { hashrateHs: 200e12, tempC: 62 }
  expect(agreeing(miner({ ...warm, inletTempC: 95 })).sample).toMatchObject({
    tempC: 62,
    faults: [
      expect.stringMatching(/^its inlet temperature of 95 °C is ignored: .* chip temperature of 62 °C/),
    ],
  })
  expect(agreeing(miner({ ...warm, boardTempC: 140 })).sample).not.toHaveProperty('boardTempC')
  const noChip = miner({ hashrateHs: 200e12, boardTempC: 50, inletTempC: 80 })
  expect(agreeing(noChip).sample).not.toHaveProperty('inletTempC')
})

test.each([
  ['an air-cooled miner', { hashrateHs: 200e12, tempC: 75, boardTempC: 65, inletTempC: 30 }],
  ['one in oil', { hashrateHs: 200e12, tempC: 62, boardTempC: 60, inletTempC: 52 }],
  ['one whose board is read at its outlet', { hashrateHs: 100e12, tempC: 55, boardTempC: 72 }],
  ['one that has just stopped', { tempC: 20, boardTempC: 62, inletTempC: 40 }],
])('the temperatures of %s are used', (_, sample) => {
  const reading = miner(sample)
  expect(agreeing(reading)).toBe(reading)
})
