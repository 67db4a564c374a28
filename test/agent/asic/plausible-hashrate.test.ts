import { describe, expect, test } from 'vitest'
import type { AsicFacts } from '../../../agent/asic/facts.ts'
import { asicReading } from '../../../agent/asic/reading.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { withAlgorithm } from '../../../agent/polling/mining-algorithm.ts'
import { MODELS_OF } from '../../../agent/simulator/asic/models-of.ts'

const boards = (count: number, chips: number | undefined, hashrateHs: number | undefined) =>
  Array.from({ length: count }, (_, i) => ({
    name: `hashboard ${i}`,
    chipsFitted: chips,
    chipsWorking: chips,
    hashrateHs,
  }))

const S21: AsicFacts = {
  model: 'Antminer S21',
  hashrateHs: 200e12,
  hashrateAvgHs: 199e12,
  expectedHashrateHs: 200e12,
  efficiencyJPerTh: 17.5,
  boards: boards(3, 108, 66.7e12),
  uptimeS: 90_000,
}
const UNKNOWN: AsicFacts = { ...S21, model: 'ACME T3', efficiencyJPerTh: undefined }

const scaled = (facts: AsicFacts, factor: number): AsicFacts => ({
  ...facts,
  hashrateHs: facts.hashrateHs && facts.hashrateHs * factor,
  hashrateAvgHs: facts.hashrateAvgHs && facts.hashrateAvgHs * factor,
  expectedHashrateHs: facts.expectedHashrateHs && facts.expectedHashrateHs * factor,
  boards: facts.boards?.map((board) => ({
    ...board,
    hashrateHs: board.hashrateHs && board.hashrateHs * factor,
  })),
})

const FACTORS = [1e-6, 1e-3, 1e3, 1e6]

/** What each witness alone can tell, with the fault that it gives for a millionth. */
const WITNESSES: readonly (readonly [string, AsicFacts, string])[] = [
  ['its model', { model: S21.model, hashrateHs: 200e12 }, 'its model is rated at about 200 TH/s'],
  ['its line', { model: 'Antminer S29 Hyd.', hashrateHs: 700e12 }, 'its model is rated at about 580 TH/s'],
  [
    'its chips',
    { hashrateHs: 200e12, boards: boards(3, 108, undefined) },
    '324 chips can do 0.6 TH/s to 4860 TH/s',
  ],
]

const DRAWS: AsicFacts = { hashrateHs: 200e12, power: { powerW: 3500, basis: 'reported' } }

describe('a machine of which nothing is known but its watts', () => {
  test.each(FACTORS)('and whose hashrate is wrong by %s is a fault with both figures', (factor) => {
    const { sample } = asicReading(scaled(DRAWS, factor))
    expect(sample).toMatchObject({
      state: 'faulty',
      faults: [expect.stringContaining('the 3500 W that it draws make 7 TH/s to 700 TH/s')],
    })
    expect(sample).not.toHaveProperty('hashrateHs')
  })

  test('is a fault also where the hashrate that it expects is wrong in the same way', () => {
    const wrong = scaled({ ...DRAWS, expectedHashrateHs: 200e12 }, 1e-6)
    const { sample, identity } = asicReading(wrong)
    expect(sample.state).toBe('faulty')
    expect(identity).not.toHaveProperty('expectedHashrateHs')
  })

  test.each([
    ['at the best efficiency that is sold (9.4 J/TH)', { hashrateHs: 886e12, power: { powerW: 8372 } }],
    ['at that of an S7 (273 J/TH)', { hashrateHs: 4.73e12, power: { powerW: 1293 } }],
    ['while it starts, with watts and hardly a hash', { ...DRAWS, hashrateHs: 30e9, starting: true }],
    ['whose watts are unknown', { hashrateHs: 200e6 }],
    ['whose average is low after a pause', { ...DRAWS, hashrateAvgHs: 1e12 }],
  ])('is read as it says %s', (_name, facts) => {
    const { sample } = asicReading(facts as AsicFacts)
    expect(sample.hashrateHs).toBe(facts.hashrateHs)
    expect(sample.faults).toBeUndefined()
  })

  test('is not judged by the watts of its sleep', () => {
    const { sample, identity } = asicReading({
      hashrateHs: 0,
      expectedHashrateHs: 200e12,
      asleep: true,
      power: { powerW: 20, basis: 'reported' },
    })
    expect(sample.state).toBe('sleeping')
    expect(identity.expectedHashrateHs).toBe(200e12)
  })
})

describe('every figure in a wrong unit', () => {
  test.each(
    WITNESSES.flatMap(([witness, facts, words]) => FACTORS.map((f) => [f, witness, facts, words] as const)),
  )('times %s is a fault by %s alone', (factor, _witness, facts, words) => {
    const { sample } = asicReading(scaled(facts, factor))
    expect(sample).toMatchObject({ state: 'faulty', faults: [expect.stringContaining(words)] })
    expect(sample).not.toHaveProperty('hashrateHs')
  })

  test.each(FACTORS)('times %s is no expected hashrate, no average and no modelled power', (factor) => {
    const { identity, sample } = asicReading(scaled(S21, factor))
    expect(identity).not.toHaveProperty('expectedHashrateHs')
    for (const name of ['hashrateHs', 'hashrateAvgHs', 'powerW']) expect(sample).not.toHaveProperty(name)
    expect(sample).toMatchObject({ state: 'faulty', boardsFitted: 3, boardsWorking: 3, chipsWorking: 324 })
  })

  test('the fault names both figures', () => {
    expect(asicReading(scaled(S21, 1e-6)).sample.faults).toEqual([
      'the hashrate reading of 200 MH/s is ignored: its model is rated at about 200 TH/s; check its unit on the machine’s own page',
    ])
  })
})

describe('the present hashrate alone in a wrong unit', () => {
  test.each(FACTORS)('times %s contradicts what the machine expects', (factor) => {
    const facts = { ...UNKNOWN, boards: undefined, hashrateHs: 200e12 * factor }
    expect(asicReading(facts).sample).toMatchObject({
      state: 'faulty',
      faults: [expect.stringContaining('it gives as its expected hashrate 200 TH/s')],
    })
  })

  test.each(FACTORS)('times %s contradicts its boards', (factor) => {
    const { expectedHashrateHs: _, ...facts } = { ...UNKNOWN, boards: boards(3, undefined, 66e12) }
    expect(asicReading({ ...facts, hashrateHs: 200e12 * factor }).sample).toMatchObject({
      state: 'faulty',
      faults: [expect.stringContaining('its boards add up to 198 TH/s')],
    })
  })
})

test('an expected hashrate in a wrong unit is left out, and the right hashrate stays', () => {
  const { identity, sample } = asicReading({ ...S21, expectedHashrateHs: 200e6 })
  expect(identity).not.toHaveProperty('expectedHashrateHs')
  expect(sample).toMatchObject({
    state: 'hashing',
    hashrateHs: 200e12,
    powerW: 3500,
    faults: [expect.stringContaining('the expected hashrate of 200 MH/s is ignored')],
  })
})

test('an average in a wrong unit is left out, and the right hashrate stays', () => {
  const { sample } = asicReading({ ...S21, hashrateAvgHs: 199e6 })
  expect(sample).toMatchObject({ state: 'hashing', hashrateHs: 200e12 })
  expect(sample).not.toHaveProperty('hashrateAvgHs')
})

describe('what a machine can really show is used', () => {
  test.each<[string, AsicFacts]>([
    ['one chip of its 324', { ...S21, hashrateHs: 0.7e12, boards: boards(3, 108, 0.25e12) }],
    [
      'its first minute',
      { ...S21, hashrateHs: 20e9, hashrateAvgHs: 5e9, boards: boards(3, 108, 0), uptimeS: 40 },
    ],
    [
      'a model of its line in a larger size',
      { ...S21, model: 'Antminer S21 Hyd.', hashrateHs: 900e12, expectedHashrateHs: undefined },
    ],
    ['twice its chips’ usual speed', { ...S21, hashrateHs: 390e12 }],
  ])('%s', (_what, facts) => {
    const { sample } = asicReading(facts)
    expect(sample).toMatchObject({ state: 'hashing', hashrateHs: facts.hashrateHs })
    expect(sample.faults ?? []).not.toContainEqual(expect.stringContaining('ignored'))
  })

  test('a millionth is none in its first minute either', () => {
    expect(asicReading({ ...S21, hashrateHs: 200e6, uptimeS: 40 }).sample.state).toBe('faulty')
  })

  test('other algorithms are not measured by Bitcoin’s', () => {
    const { sample } = asicReading({ model: 'Antminer L9', hashrateHs: 16e9, uptimeS: 9000 })
    expect(sample.state).toBe('hashing')
    expect(sample.faults).toBeUndefined()
  })
})

test('a machine that was told to stop sleeps while its average falls towards 0', () => {
  const { sample } = asicReading({ ...S21, hashrateHs: 30e6, asleep: true, boards: boards(3, 108, 10e6) })
  expect(sample).toMatchObject({ state: 'sleeping', hashrateHs: 0 })
  expect(sample).not.toHaveProperty('faults')
})

test.each(Object.values(MODELS_OF).flat())('an emulated $name shows what it can do', (model) => {
  const facts: AsicFacts = {
    model: model.name,
    hashrateHs: model.hashrateHs,
    boards: boards(model.boards, model.chipsPerBoard, model.hashrateHs / model.boards),
  }
  expect(asicReading(facts).sample).toMatchObject({ state: 'hashing', hashrateHs: model.hashrateHs })
  for (const factor of FACTORS) expect(asicReading(scaled(facts, factor)).sample.state).toBe('faulty')
})

describe('a machine that has just started, at a thousandth', () => {
  const START: AsicFacts = { ...S21, uptimeS: 28 }
  const PROTO: AsicFacts = { ...START, model: 'Proto Rig', hashrateHs: 141e12, expectedHashrateHs: 145e12 }

  test.each<[string, AsicFacts, string]>([
    ['in all that it tells, by its model', scaled(START, 1e-3), 'its model is rated at about 200 TH/s'],
    [
      'beside its boards, by their sum',
      { ...scaled(PROTO, 1e-3), boards: boards(4, undefined, 35e12) },
      'its model is rated at about',
    ],
    [
      'beside boards and a right expectation',
      { ...UNKNOWN, uptimeS: 28, hashrateHs: 0.2e12, boards: boards(3, undefined, 66.7e12) },
      'its boards add up to 200.1 TH/s',
    ],
    ['by its watts', scaled({ ...DRAWS, uptimeS: 28, expectedHashrateHs: 200e12 }, 1e-3), 'W that it draws'],
  ])('%s is a fault', (_how, facts, words) => {
    const { sample } = asicReading(facts)
    expect(sample).toMatchObject({ state: 'faulty', faults: [expect.stringContaining(words)] })
    expect(sample).not.toHaveProperty('hashrateHs')
  })

  test('and one of many boards that is tuned down, at a thousand times, is a fault by its watts', () => {
    const left = { ...PROTO, uptimeS: 9e4, hashrateHs: 10.9e15, expectedHashrateHs: undefined }
    const power = { powerW: 400, basis: 'reported' as const }
    const { sample } = asicReading({ ...left, power, boards: boards(1, undefined, 10.9e12) })
    expect(sample).toMatchObject({
      state: 'faulty',
      faults: [expect.stringContaining('its boards add up to 10.9 TH/s')],
    })
  })

  test('is as it says where only its low hashrate is known: it may be its first second', () => {
    for (const facts of [START, PROTO, UNKNOWN, DRAWS])
      for (const part of [1e-4, 1e-3, 0.01, 0.3, 1]) {
        const now = (facts.hashrateHs ?? 0) * part
        const low = { ...facts, uptimeS: 28, hashrateHs: now, hashrateAvgHs: now }
        const { sample } = asicReading({ ...low, boards: boards(3, 108, now / 3) })
        expect(sample).toMatchObject({ state: 'hashing', hashrateHs: now })
        expect(sample.faults ?? []).not.toContainEqual(expect.stringContaining('ignored'))
      }
  })
})

test.each(Object.values(MODELS_OF).flat())(
  'an emulated $name that is tuned down, or has one board left, is as it says, at a thousandth of that a fault',
  (model) => {
    const parts = [0.3, 1 / model.boards]
    for (const uptimeS of [28, 90_000])
      for (const part of parts) {
        const hashrateHs = model.hashrateHs * part
        const facts: AsicFacts = {
          model: model.name,
          uptimeS,
          hashrateHs,
          expectedHashrateHs: model.hashrateHs,
          boards: boards(model.boards, model.chipsPerBoard, hashrateHs / model.boards),
        }
        expect(asicReading(facts).sample).toMatchObject({ state: 'hashing', hashrateHs })
        // the boards are right, and the machine's own figures are not
        const wrong = { ...scaled(facts, 1e-3), boards: facts.boards }
        expect(asicReading(wrong).sample.state).toBe('faulty')
      }
  },
)

describe('a count of nothing that is listed is absent', () => {
  test.each<[string, AsicFacts['boards'], number | undefined]>([
    ['no board', [], undefined],
    ['no board now, three before', [], 3],
  ])('%s', (_what, listed, boardsFitted) => {
    const { sample } = asicReading({ ...S21, boards: listed, boardsFitted })
    expect(sample.boardsFitted).toBe(boardsFitted)
    for (const name of ['boardsWorking', 'chipsFitted', 'chipsWorking', 'faults', 'fanRpm', 'tempC'])
      expect(sample).not.toHaveProperty(name)
  })

  test('boards whose hashrate the firmware does not measure work while the machine hashes', () => {
    const { sample } = asicReading({ ...S21, boards: boards(3, 108, 0) })
    expect(sample).toMatchObject({ boardsFitted: 3, boardsWorking: 3, chipsWorking: 324 })
    expect(sample).not.toHaveProperty('faults')
  })

  test('chips that the firmware does not count are no dead chips while the machine hashes', () => {
    const none = boards(3, 0, 66e12)
    const { sample } = asicReading({ ...S21, boards: none })
    expect(sample).toMatchObject({ boardsFitted: 3, boardsWorking: 3 })
    for (const name of ['chipsFitted', 'chipsWorking', 'faults']) expect(sample).not.toHaveProperty(name)
  })
})

describe('a machine that no maker’s line tells, whose hashrate alone is a millionth', () => {
  const told = { hashrateHs: 43.25e6, uptimeS: 3600 }

  test.each(['unknown', undefined])('is a fault against its own boards; its algorithm: %s', (algorithm) => {
    const { sample } = asicReading({ ...told, algorithm, boards: boards(3, undefined, 14.4e12) })
    expect(sample).toMatchObject({
      state: 'faulty',
      faults: [expect.stringContaining('of 43.3 MH/s is ignored: its boards add up to 43.2 TH/s')],
    })
    expect(sample).not.toHaveProperty('hashrateHs')
  })

  test('is a fault against its accepted shares, where nothing else is known', () => {
    const { sample } = asicReading({
      ...told,
      pools: {
        configured: 1,
        alive: 1,
        shares: { accepted: 40, rejected: 0 },
        byOwner: [{ owner: {}, workDiff1: (43e12 * 3600) / 2 ** 32 }],
      },
    })
    expect(sample).toMatchObject({
      state: 'faulty',
      faults: [expect.stringContaining('its accepted shares stand for about 43.3 TH/s')],
    })
  })

  test('of an unknown algorithm is right where its boards make it: a Litecoin miner', () => {
    const litecoin = { hashrateHs: 9e9, algorithm: 'unknown', boards: boards(3, 80, 3e9), uptimeS: 3600 }
    expect(asicReading(litecoin).sample).toMatchObject({ state: 'hashing' })
  })
})

describe('a machine that may hash anything', () => {
  const ANY: AsicFacts = {
    algorithm: 'unknown',
    hashrateHs: 200e12,
    boards: boards(3, 108, undefined),
    uptimeS: 9e4,
  }

  test.each([1e-6, 1e3])(
    'is judged by its chips alone: %d of its hashrate is ignored, and it goes on hashing',
    (factor) => {
      const { sample } = asicReading(scaled(ANY, factor))
      expect(sample.faults).toEqual([expect.stringContaining('324 chips can do 0.6 TH/s to 4860 TH/s')])
      expect(sample).not.toHaveProperty('hashrateHs')
      expect(sample.state).toBe('hashing')
    },
  )

  test('with a hashrate that its chips can make, or without chips, it is as it says', () => {
    for (const facts of [ANY, scaled(ANY, 1 / 20), { ...ANY, boards: undefined, hashrateHs: 200e6 }])
      expect(asicReading(facts).sample).toMatchObject({ state: 'hashing', hashrateHs: facts.hashrateHs })
  })

  test('its watts and its model say nothing, because they are those of SHA-256', () => {
    const facts = { ...ANY, model: 'ACME S21', power: { powerW: 30, basis: 'reported' as const } }
    expect(asicReading(facts).sample).toMatchObject({ state: 'hashing', hashrateHs: 200e12 })
  })

  test('where the configuration says Bitcoin, it is faulty; where it names another coin, its chips say nothing', () => {
    const told = asicReading(scaled(ANY, 1e-6))
    const config = (algorithm: string) => ({ id: 'm', driver: 'cgminer', algorithm })
    expect(withAlgorithm(told, config('sha256')).sample).toMatchObject({
      state: 'faulty',
      faults: [expect.stringContaining('324 chips')],
    })
    expect(withAlgorithm(told, config('scrypt')).sample).toEqual({
      ...withoutHashrate(told.sample),
      state: 'hashing',
    })
  })
})

function withoutHashrate({ faults: _, hashrateAvgHs: __, ...sample }: Reading['sample']) {
  return sample
}
