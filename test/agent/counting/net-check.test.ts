import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { booked } from './booked.ts'

const HOUR = 3600

/** A site with solar whose power swings by so many kW each way; `s` of one swing. */
interface Site {
  kw: number
  swingS: number
  /** kW that the three phases differ by: so much flows in by one of them and out by another */
  skewKw: number
  /** W that comes and goes beside it by chance */
  noiseKw: number
  seed: number
}
/** Power and both energies by the second, as a meter counts that counts each phase by itself. */
function siteOf({ kw, swingS, skewKw, noiseKw, seed }: Site, seconds: number) {
  const [watts, inKwh, outKwh] = [0, 1, 2].map(() => new Float64Array(seconds + 1))
  let random = seed
  let [extra, until] = [0, 0]
  for (let s = 0; s <= seconds; s++) {
    if (s >= until) {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
      extra = (noiseKw * random) / 2 ** 32
      until = s + 20 + (random % 600)
    }
    const now = kw * Math.sin((2 * Math.PI * s) / swingS) + extra
    watts![s] = now * 1000
    const phases = [now / 3 + skewKw, now / 3 - skewKw, now / 3]
    const sum = (sign: number) => phases.reduce((all, phase) => all + Math.max(0, sign * phase), 0) / HOUR
    inKwh![s] = (s > 0 ? inKwh![s - 1]! : 0) + sum(1)
    outKwh![s] = (s > 0 ? outKwh![s - 1]! : 0) + sum(-1)
  }
  return { watts: watts!, inKwh: inKwh!, outKwh: outKwh! }
}
const SOLAR: Site = { kw: 10, swingS: HOUR, skewKw: 0, noiseKw: 0, seed: 7 }
function read(
  site: Site,
  factors: readonly [number, number],
  hours: number,
  { pollS = 10, stepKwh = 0.001 } = {},
) {
  const { watts, inKwh, outKwh } = siteOf(site, hours * HOUR)
  const shown = (kwh: number) => Math.floor(kwh / stepKwh) * stepKwh
  const told = booked(
    {
      stepKwh,
      pollS,
      powerW: (s) => watts[s]!,
      energyKwh: (s) => shown(523 + factors[0] * inKwh[s]!),
      exportedKwh: (s) => shown(77 + factors[1] * outKwh[s]!),
    },
    hours * HOUR,
  )
  return { ...told, trueKwh: inKwh[hours * HOUR]!, trueOutKwh: outKwh[hours * HOUR]! }
}
const refused = (faults: readonly string[]) => faults.filter((fault) => /the counter is not used/.test(fault))

describe('a counter of another scale is refused where energy flows both ways', () => {
  test.each([
    [2, 2, 'more', 2],
    [2, 1, 'more', 1],
    [1, 2, 'more', 1],
    [0.5, 0.5, 'less', 2],
  ] as const)('import by %d, export by %d', (imported, exported, than, count) => {
    for (const skewKw of [0, 2]) {
      const { faults } = read({ ...SOLAR, skewKw, swingS: 4 * HOUR }, [imported, exported], 12)
      expect(refused(faults)).toHaveLength(count)
      expect(refused(faults).join()).toMatch(new RegExp(`far ${than} than`))
    }
  })

  test('and little of it is booked', () => {
    const { kwh, trueKwh, outKwh, trueOutKwh } = read(SOLAR, [2, 2], 24)
    expect(Math.abs(kwh - trueKwh)).toBeLessThan(0.05 * trueKwh)
    expect(Math.abs(outKwh - trueOutKwh)).toBeLessThan(0.05 * trueOutKwh)
  })
})

describe('a site that sends out by day 20 times what it draws by night', () => {
  const day = (factors: readonly [number, number]) => {
    const kw = (s: number) => 5 - Math.max(0, 100 * Math.sin((2 * Math.PI * s) / (24 * HOUR)))
    const [inKwh, outKwh] = [0, 1].map(() => new Float64Array(48 * HOUR + 1))
    for (let s = 1; s <= 48 * HOUR; s++) {
      inKwh![s] = inKwh![s - 1]! + Math.max(0, kw(s)) / HOUR
      outKwh![s] = outKwh![s - 1]! + Math.max(0, -kw(s)) / HOUR
    }
    const told = booked(
      {
        pollS: 10,
        powerW: (s) => 1000 * kw(s),
        energyKwh: (s) => 523 + factors[0] * inKwh![s]!,
        exportedKwh: (s) => 77 + factors[1] * outKwh![s]!,
      },
      48 * HOUR,
    )
    return { ...told, apart: told.kwh / inKwh![48 * HOUR]! - 1 }
  }
  test.each([0.1, 0.2, 0.5, 2, 5, 10])(
    'has a fault for an import counter that counts %d times, in the first night',
    (factor) => {
      const { faults, apart } = day([factor, 1])
      expect(refused(faults)).toHaveLength(1)
      expect(Math.abs(apart)).toBeLessThan(0.02)
    },
  )
  test('keeps true counters', () => {
    const { faults, apart } = day([1, 1])
    expect(faults).toEqual([])
    expect(Math.abs(apart)).toBeLessThan(0.001)
  })
})

test('true counters are never refused, whatever their phases, their swings, their steps and their polls', () => {
  fc.assert(
    fc.property(
      fc.record({
        kw: fc.double({ min: 0.2, max: 100, noNaN: true }),
        swingS: fc.integer({ min: 600, max: 12 * HOUR }),
        skew: fc.double({ min: 0, max: 3, noNaN: true }),
        noise: fc.double({ min: 0, max: 2, noNaN: true }),
        pollS: fc.constantFrom(5, 10, 30, 60),
        stepKwh: fc.constantFrom(0.001, 0.1, 1, 10),
        counterIs: fc.double({ min: 0.95, max: 1.05, noNaN: true }),
        seed: fc.integer({ min: 1, max: 1e9 }),
      }),
      ({ kw, swingS, skew, noise, pollS, stepKwh, counterIs, seed }) => {
        const site = { kw, swingS, skewKw: skew * kw, noiseKw: noise * kw, seed }
        const { faults } = read(site, [counterIs, counterIs], 8, { pollS, stepKwh })
        expect(refused(faults)).toEqual([])
      },
    ),
    { numRuns: 40 },
  )
})

describe('a meter that counts each phase by itself while nothing flows in sum', () => {
  const balanced = (factors: readonly [number, number], pollS: number, netKw = 0) =>
    booked(
      {
        pollS,
        powerW: () => netKw * 1000,
        energyKwh: (s) => 523 + (factors[0] * (5.3 + Math.max(0, netKw)) * s) / HOUR,
        exportedKwh: (s) => 77 + (factors[1] * (5.3 + Math.max(0, -netKw)) * s) / HOUR,
      },
      12 * HOUR,
    )
  test.each([5, 60, 600])('is used, and booked by its counters: polls of %d s', (pollS) => {
    for (const netKw of [0, 0.1, -0.1, 1]) {
      const { kwh, outKwh, faults } = balanced([1, 1], pollS, netKw)
      expect(faults).toEqual([])
      expect(kwh).toBeCloseTo(12 * (5.3 + Math.max(0, netKw)), 1)
      expect(outKwh).toBeCloseTo(12 * (5.3 + Math.max(0, -netKw)), 1)
    }
  })
  test('and one of its counters that is of another scale is refused by the net', () => {
    for (const pollS of [5, 60]) {
      expect(refused(balanced([10, 1], pollS).faults)).toHaveLength(1)
      expect(refused(balanced([1, 10], pollS).faults)).toHaveLength(1)
    }
  })
})
