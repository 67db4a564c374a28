import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AsicFacts } from '../../../agent/asic/facts.ts'
import { HashratesBeside } from '../../../agent/asic/hashrates-beside.ts'

const beside = (m1?: number, m15?: number) => [
  { name: 'its average of 1 min', hashrateHs: m1 && m1 * 1e12, windowS: 60 },
  { name: 'its average of 15 min', hashrateHs: m15 && m15 * 1e12, windowS: 900 },
]
const boards = (...ths: number[]) => ths.map((t, i) => ({ name: `hashboard ${i}`, hashrateHs: t * 1e12 }))

// the shape of a M60S with API 3.0.2 (asic-rs): present, average, 1 min and 15 min within 1 %, three boards, factory
const M60S: AsicFacts = {
  model: 'Whatsminer M60S_VK40',
  hashrateHs: 185.04e12,
  hashrateAvgHs: 184.62e12,
  expectedHashrateHs: 186e12,
  hashratesBeside: beside(185.11, 184.9),
  boards: boards(61.7, 61.5, 61.84),
  boardsAreNow: true,
  power: { powerW: 3411, basis: 'reported' },
  uptimeS: 86_500,
}

const held = (facts: AsicFacts) => new HashratesBeside(() => 0).of(facts)
/** @returns what is used at once, and after `minutes` of the same */
const heldFor = (facts: AsicFacts, minutes: number) => {
  let nowMs = 0
  const rig = new HashratesBeside(() => nowMs)
  const first = rig.of(facts)
  nowMs = minutes * 60_000
  return { first, last: rig.of(facts) }
}

describe('a present hashrate that stands apart is not used, and the one that the others support is', () => {
  test.each([1.4, 1.6, 1.9])('above all of them by %d', (by) => {
    const { hashrateHs, notes } = held({ ...M60S, hashrateHs: 185.04e12 * by })
    expect(hashrateHs).toBeCloseTo(185.04e12, -9)
    expect(notes).toEqual([
      expect.stringMatching(
        /^its present hashrate of [\d.]+ TH\/s is ignored: the sum of its boards says 185 TH\/s, /,
      ),
    ])
  })

  test('0 H/s at once, beside boards that hash, an average and the watts of both', () => {
    const { hashrateHs, notes } = held({ ...M60S, hashrateHs: 0 })
    expect(hashrateHs).toBeCloseTo(185.04e12, -9)
    expect(notes?.[0]).toMatch(
      /^its present hashrate of 0 TH\/s is ignored: the sum of its boards says 185 TH\/s, /,
    )
  })

  test('0 H/s that last, where no watts are told or 0 W are, beside boards or the average of the last minute', () => {
    for (const power of [undefined, { powerW: 0, basis: 'reported' as const }]) {
      const { first, last } = heldFor({ ...M60S, power, hashrateHs: 0 }, 5)
      expect(first.hashrateHs).toBe(0)
      expect(last.hashrateHs).toBeCloseTo(185.04e12, -9)
      expect(last.power).toBeUndefined()
    }
    const { first, last } = heldFor({ ...M60S, boards: undefined, hashrateHs: 0 }, 5)
    expect([first.hashrateHs, last.hashrateHs]).toEqual([0, 185.11e12])
  })

  test('but 0 H/s of a machine that stops, sleeps or begins stay, whatever its averages say', () => {
    for (const facts of [
      { ...M60S, hashrateHs: 0, boards: boards(0, 0, 0), power: { powerW: 60, basis: 'reported' as const } },
      { ...M60S, hashrateHs: 0, asleep: true },
      { ...M60S, hashrateHs: 0, starting: true },
      { ...M60S, hashrateHs: 0, boards: undefined, hashratesBeside: beside(3, 150) },
    ]) {
      const { first, last } = heldFor(facts, 30)
      expect([first.hashrateHs, last.hashrateHs]).toEqual([0, 0])
    }
  })

  test('above twice the expected hashrate it is left to the check of that', () => {
    const facts = { ...M60S, hashrateHs: 740e12 }
    expect(held(facts)).toEqual(facts)
  })

  test('above them without boards, by the shortest average', () => {
    const { hashrateHs } = held({ ...M60S, boards: undefined, hashrateHs: 351.6e12 })
    expect(hashrateHs).toBe(185.11e12)
  })

  test('below its boards, beside the watts of what they make, though its last minute says the same', () => {
    const facts = { ...M60S, hashrateHs: 37e12, hashratesBeside: beside(37, 184.9) }
    const { hashrateHs, notes } = held(facts)
    expect(hashrateHs).toBeCloseTo(185.04e12, -9)
    expect(notes?.[0]).toContain('37 TH/s is ignored')
  })

  test('below its boards where no watts are known, once it lasts', () => {
    const { first, last } = heldFor({ ...M60S, power: undefined, hashrateHs: 46e12 }, 4)
    expect(first.hashrateHs).toBe(46e12)
    expect(last.hashrateHs).toBeCloseTo(185.04e12, -9)
  })

  test('below the average of a minute, once it has been so for longer than that average remembers', () => {
    const { first, last } = heldFor({ ...M60S, boards: undefined, hashrateHs: 46e12 }, 4)
    expect(first.hashrateHs).toBe(46e12)
    expect(last.hashrateHs).toBe(185.11e12)
  })
})

describe('what an honest machine shows is used without a word', () => {
  test.each<[string, AsicFacts]>([
    ['as it runs', M60S],
    ['the noise of 5 s', { ...M60S, hashrateHs: 225e12 }],
    [
      'a fast mode that has begun: its averages lag, and its boards do not',
      { ...M60S, hashrateHs: 185e12, hashrateAvgHs: 90e12, hashratesBeside: beside(95, 90) },
    ],
    [
      'faster than its factory made it, with the watts for it',
      {
        ...M60S,
        hashrateHs: 260e12,
        hashratesBeside: beside(187, 185),
        boardsAreNow: false,
        power: { powerW: 5300, basis: 'reported' },
      },
    ],
    [
      'throttled: its averages are still high',
      { ...M60S, hashrateHs: 60e12, boards: boards(20, 20, 20), power: { powerW: 1200, basis: 'reported' } },
    ],
    [
      'one board lost just now',
      {
        ...M60S,
        hashrateHs: 123e12,
        boards: boards(61.7, 0, 61.8),
        power: { powerW: 2300, basis: 'reported' },
      },
    ],
    [
      'a start: its averages are low',
      {
        ...M60S,
        uptimeS: 90,
        starting: true,
        hashrateHs: 150e12,
        hashrateAvgHs: 40e12,
        hashratesBeside: beside(60, 40),
      },
    ],
    [
      'work after a rest: its boards are fast, its figure of some seconds is not yet, and its averages are low',
      { ...M60S, hashrateHs: 60e12, hashrateAvgHs: 20e12, hashratesBeside: beside(12, 3) },
    ],
    ['nothing to hold it against', { hashrateHs: 43e12, hashrateAvgHs: 10e12 }],
    // shares alone measure its 5 s (asic-rs, AT1500 of 2023-12): the minute says half, and its boards say the same
    [
      'noise that its boards have too',
      {
        model: 'Auradine AT1500',
        hashrateHs: 20.6e12,
        hashrateAvgHs: 7.97e12,
        hashratesBeside: beside(10.26, 8.25),
        boards: boards(6.8, 6.9, 7),
        boardsAreNow: true,
      },
    ],
  ])('%s', (_what, facts) => {
    const { first } = heldFor(facts, 0)
    expect(first).toEqual(facts)
  })

  test('a hashrate that falls to a third and stays there, as its averages follow it (property)', () =>
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        fc.integer({ min: 10, max: 60 }),
        (part, pollS) => {
          let nowMs = 0
          const rig = new HashratesBeside(() => nowMs)
          const lag = (s: number, windowS: number) => part + (1 - part) * Math.exp(-s / windowS)
          for (let s = 0; s <= 1200; s += pollS) {
            nowMs = s * 1000
            const facts: AsicFacts = {
              ...M60S,
              hashrateHs: 185e12 * part,
              hashrateAvgHs: 184e12,
              hashratesBeside: beside(185 * lag(s, 60), 185 * lag(s, 900)),
              boards: undefined,
              power: undefined,
            }
            expect(rig.of(facts)).toEqual(facts)
          }
        },
      ),
    ))
})

describe('a figure beside the present one that is far above everything', () => {
  test('is no average', () => {
    const { hashrateAvgHs, notes } = held({ ...M60S, hashrateAvgHs: 738e12 })
    expect(hashrateAvgHs).toBeUndefined()
    expect(notes).toEqual([expect.stringContaining('its average hashrate of 738 TH/s is ignored')])
  })

  test('is no expected hashrate', () => {
    const { expectedHashrateHs, notes } = held({ ...M60S, expectedHashrateHs: 744e12 })
    expect(expectedHashrateHs).toBeUndefined()
    expect(notes).toEqual([expect.stringContaining('its expected hashrate of 744 TH/s is ignored')])
  })

  test('is right where it is an average that outlives a faster mode', () => {
    const facts = { ...M60S, hashrateHs: 90e12, hashrateAvgHs: 190e12, boards: undefined }
    expect(held(facts)).toEqual(facts)
  })
})
