import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BookedMeter, booked } from './booked.ts'

const HOUR = 3600
const chance = (seed: number) => {
  let state = seed >>> 0 || 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** A load by the second: power, and the energy since the start, kWh. */
interface Load {
  powerW: (s: number) => number
  energyKwh: (s: number) => number
}
/** @param spanS how long it lasts */
function load(spanS: number, wattsAt: (s: number) => number): Load {
  const watts = Float64Array.from({ length: spanS + 1 }, (_, s) => wattsAt(s))
  const kwh = new Float64Array(spanS + 1)
  for (let s = 1; s <= spanS; s++) kwh[s] = kwh[s - 1]! + (watts[s - 1]! + watts[s]!) / 2 / 3_600_000
  return { powerW: (s) => watts[s]!, energyKwh: (s) => kwh[s]! }
}

const SHAPES = ['steady', 'ramps', 'wanders', 'comes and goes'] as const
/** Loads between a tenth and the whole of `mostW`; where they come and go, each state lasts for a time that chance gives. */
function shaped(shape: (typeof SHAPES)[number], mostW: number, spanS: number, seed: number): Load {
  const random = chance(seed)
  let now = 0.6
  let until = 0
  return load(spanS, (s) => {
    if (shape === 'ramps') return mostW * (0.55 + 0.45 * Math.sin(s / (600 + (seed % 4000))))
    if (shape === 'wanders') now = Math.min(1, Math.max(0.1, now + (random() - 0.5) / 20))
    if (shape === 'comes and goes' && s >= until) {
      now = random() < 0.5 ? 0.1 : 1
      until = s + 5 - 300 * Math.log(1 - random())
    }
    return mostW * now * (shape === 'wanders' ? 1 : 0.99 + 0.02 * random())
  })
}

const DISPLAYS = {
  /** whole steps */
  steps: (kwh: number, stepKwh: number) => Math.floor(kwh / stepKwh + 1e-9) * stepKwh,
  /** a float32 of kWh that is kept in whole steps (Eastron, texts over SNMP) */
  float32Kwh: (kwh: number, stepKwh: number) => Math.fround(Math.floor(kwh / stepKwh + 1e-9) * stepKwh),
  /** a float32 of Wh (Janitza): its own steps grow with its value, 512 Wh at 5 GWh */
  float32Wh: (kwh: number) => Math.fround(kwh * 1000) / 1000,
}

const meters = fc.record({
  shape: fc.constantFrom(...SHAPES),
  mostKw: fc.constantFrom(0.15, 3, 40, 900),
  display: fc.constantFrom(...(Object.keys(DISPLAYS) as (keyof typeof DISPLAYS)[])),
  stepKwh: fc.constantFrom(0.001, 0.01, 0.1, 1, 10, 100),
  /** whether the driver knows the step */
  declared: fc.boolean(),
  beginKwh: fc.constantFrom(0.5, 812.3, 99_990, 5_000_000),
  pollS: fc.constantFrom(1, 5, 10, 30, 60),
  counterIs: fc.double({ min: 0.97, max: 1.03, noNaN: true }),
  restartsS: fc.array(fc.integer({ min: 60, max: 30 * HOUR }), { maxLength: 2 }),
  gaps: fc.array(
    fc.record({ fromS: fc.integer({ min: 60, max: 30 * HOUR }), lastsS: fc.integer({ min: 20, max: 4000 }) }),
    { maxLength: 3 },
  ),
  wild: fc.array(
    fc.record({
      /** where in the span, and what that one reading says in place of the truth */
      at: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      powerKw: fc.option(fc.constantFrom(-500_000, -50_000, 10_000, 214_748, 999_000), { nil: undefined }),
      kwh: fc.option(fc.constantFrom(0, 12, 2 ** 23, 2 ** 33, 2 ** 40 / 1000), { nil: undefined }),
    }),
    { maxLength: 4 },
  ),
  seed: fc.integer({ min: 1, max: 1e9 }),
})
type Described = typeof meters extends fc.Arbitrary<infer T> ? T : never

function meterOf(m: Described, spanS: number): BookedMeter & { trueKwh: number } {
  const { powerW, energyKwh } = shaped(m.shape, m.mostKw * 1000, spanS, m.seed)
  const display = DISPLAYS[m.display]
  const restartsS = [...m.restartsS].sort((a, b) => a - b)
  const answers = (s: number) => !m.gaps.some(({ fromS, lastsS }) => s > fromS && s < fromS + lastsS)
  // nothing contradicts the first reading of a session
  const isEarly = (s: number) => s < 3 * m.pollS || restartsS.some((r) => s >= r && s < r + 3 * m.pollS)
  const wild = new Map(m.wild.map((w) => [Math.floor((w.at * spanS) / m.pollS) * m.pollS, w] as const))
  for (const s of [...wild.keys()])
    if (
      isEarly(s) ||
      wild.has(s - m.pollS) ||
      m.gaps.some((g) => Math.abs(s - g.fromS - g.lastsS) < 3 * m.pollS)
    )
      wild.delete(s)
  return {
    stepKwh: m.declared && m.display !== 'float32Wh' ? m.stepKwh : 0.001,
    pollS: m.pollS,
    powerW: (s) => (wild.get(s)?.powerKw ?? powerW(s) / 1000) * 1000,
    energyKwh: (s) => wild.get(s)?.kwh ?? display(m.beginKwh + m.counterIs * energyKwh(s), m.stepKwh),
    restartsS,
    answers,
    trueKwh: energyKwh(spanS),
  }
}
/** Some thousands of polls. */
const spanOf = (pollS: number) => Math.min(36, 3 * pollS) * HOUR
const RUNS = 25

describe('no true meter is refused', () => {
  test('whatever its load, its steps, its float, its polls, its gaps, its single wild values and its agent’s restarts', () => {
    fc.assert(
      fc.property(meters, (described) => {
        const meter = meterOf(described, spanOf(described.pollS))
        const { kwh, fault } = booked(meter, spanOf(described.pollS))
        expect(fault ?? '').not.toMatch(/the counter is not used/)
        // the first reading does not say how far its step has come; a gap in steps that nobody declared is lost
        const unknownKwh =
          2 * Math.max(described.stepKwh, described.beginKwh > 1e6 ? 0.5 : 0) +
          described.mostKw * (0.1 + described.gaps.reduce((sum, gap) => sum + gap.lastsS, 0) / HOUR)
        expect(Math.abs(kwh - meter.trueKwh)).toBeLessThan(0.05 * meter.trueKwh + unknownKwh)
      }),
      { numRuns: RUNS },
    )
  })
})

test('nor is one that is off by 7 % beside its own power, at whatever load', () => {
  fc.assert(
    fc.property(meters, fc.constantFrom(0.93, 1.07), (described, counterIs) => {
      const { pollS } = described
      const meter = meterOf({ ...described, pollS, counterIs, wild: [], gaps: [] }, spanOf(pollS))
      expect(booked(meter, spanOf(pollS)).fault ?? '').not.toMatch(/the counter is not used/)
    }),
    { numRuns: 15 },
  )
})

/** What a wrong map reads in place of the counter. */
const WRONG = {
  'another scale': (kwh, at) => kwh * at.factor,
  'the low word first': (kwh) => {
    const tenths = Math.floor(kwh * 1000)
    return ((tenths & 0xffff) * 65_536 + Math.floor(tenths / 65_536)) / 1000
  },
  'power factors': (_kwh, at) => ((970 + Math.floor(at.random() * 30)) * 65_536 + 983) / 10,
  'a voltage': (_kwh, at) => 230 + Math.floor(at.random() * 40) / 10,
  'its own power': (_kwh, at) => at.powerW / 1000,
} satisfies Record<
  string,
  (kwh: number, at: { factor: number; random: () => number; powerW: number }) => number
>

describe('a wrong map is refused, and little is booked by it', () => {
  test.each(Object.keys(WRONG) as (keyof typeof WRONG)[])('%s', (kind) => {
    fc.assert(
      fc.property(
        fc.record({
          shape: fc.constantFrom(...SHAPES),
          mostKw: fc.constantFrom(3, 40, 900),
          pollS: fc.constantFrom(5, 10, 30, 60),
          wildKw: fc.constantFrom(undefined, -500_000, 10_000, 214_748, 999_000),
          factor: fc.constantFrom(1e-3, 0.01, 0.1, 0.25, 0.5, 2, 4, 10, 64, 1000, 65_536, 1e6),
          seed: fc.integer({ min: 1, max: 1e9 }),
        }),
        ({ shape, mostKw, pollS, factor, wildKw, seed }) => {
          const spanS = Math.min(24, 4 + pollS) * HOUR
          const { powerW, energyKwh } = shaped(shape, mostKw * 1000, spanS, seed)
          const random = chance(seed + 1)
          const { kwh, fault } = booked(
            {
              pollS,
              powerW: (s) => (wildKw !== undefined && s === 10 * pollS ? wildKw * 1000 : powerW(s)),
              energyKwh: (s) => WRONG[kind](10_000 + energyKwh(s), { factor, random, powerW: powerW(s) }),
            },
            spanS,
          )
          expect(fault).toMatch(/the counter is not used: check the map/)
          // at worst four minutes at the highest power, a fifth of three hours, and what a load that comes and goes leaves open
          const wrongKwh = Math.abs(kwh - energyKwh(spanS))
          // polls of a minute see little of such a load, so half of a counter may be missing for hours before it is sure
          const unseenKwh = shape === 'comes and goes' && pollS === 60 ? 0.5 * energyKwh(spanS) : 0
          expect(wrongKwh).toBeLessThan(0.05 * energyKwh(spanS) + mostKw * (4 / 60 + 0.2 * 3) + unseenKwh)
        },
      ),
      { numRuns: 12 },
    )
  })
})
