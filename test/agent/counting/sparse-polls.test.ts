import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeldCounter } from '../../../agent/counting/held-counter.ts'
import { SparsePolls } from '../../../agent/counting/sparse-polls.ts'
import { booked } from './booked.ts'

const KWH = 3_600_000
const SHOWN = { mostW: 10_000, alongW: 10_000, stepW: 1 }
const MINUTES = 60_000
/** A time of ten minutes at 10 kW, 1.67 kWh. */
const time = (kwh: number, fromW = 10_000, toW = 10_000) => ({
  elapsedMs: 10 * MINUTES,
  fromW,
  toW,
  grownJ: kwh * KWH,
  stepJ: 3600,
})

test.each([
  ['more', 16.7, 48],
  ['less', 0.1, 24],
] as const)(
  'one time that disagrees is told; from the second the counter is kept back, and after many with far %s it is of something else',
  (than, kwh, times) => {
    const polls = new SparsePolls()
    const said = Array.from({ length: times }, () => polls.take(time(kwh), SHOWN))
    expect(said.slice(0, -1)).toEqual([{}, ...Array.from({ length: times - 2 }, () => ({ keptBack: true }))])
    expect(said.at(-1)).toMatchObject({ refused: { than, ms: times * 10 * MINUTES } })
  },
)

describe('a counter that is kept back is told again', () => {
  test('once it agrees over all times since the first that disagreed, those included that alone say nothing', () => {
    const polls = new SparsePolls()
    const [high, idle] = [time(0.3), time(0.3, 10, 10)]
    // readings that meet a load twice where it is high for a fifth of the time
    expect([polls.take(high, SHOWN), polls.take(high, SHOWN)]).toEqual([{}, { keptBack: true }])
    expect(polls.take(idle, SHOWN)).toEqual({ keptBack: true })
    expect(polls.take(idle, SHOWN)).toEqual({})
    expect(polls.keepsBack).toBe(false)
    expect(polls.take(high, SHOWN)).toEqual({})
  })

  test('but not because a time says little, however low its power is', () => {
    for (const lowW of [0, 10, 99, 100, 101, 199, 200, 201, 1000]) {
      const polls = new SparsePolls()
      const low = time(0.001)
      expect([polls.take(low, SHOWN), polls.take(low, SHOWN)]).toEqual([{}, { keptBack: true }])
      expect(polls.take(time(0, lowW, lowW), SHOWN)).toEqual({ keptBack: true })
      expect(polls.take(time(2), SHOWN)).toEqual({})
    }
  })

  test('nor because of a time that is too long to judge', () => {
    const polls = new SparsePolls()
    for (let i = 0; i < 3; i++) polls.take(time(167), SHOWN)
    expect(polls.take({ ...time(2000), elapsedMs: 2 * 60 * MINUTES }, SHOWN)).toEqual({ keptBack: true })
  })
})

test('a load that one reading has met is not refused before as many more have missed it', () => {
  const polls = new SparsePolls()
  const take = (unsureW?: number) => polls.take({ ...time(16.7), unsureW }, SHOWN)
  for (let i = 0; i < 40; i++) expect(take()).not.toHaveProperty('refused')
  take(90_000)
  for (let i = 0; i < 40; i++) expect(take()).toEqual({ keptBack: true })
})

test('over more than an hour nothing is said: a site may have been busy all night', () => {
  const polls = new SparsePolls()
  for (let i = 0; i < 40; i++)
    expect(polls.take({ ...time(20_000), elapsedMs: 8 * 60 * MINUTES }, SHOWN)).toEqual({})
})

test('a counter that has agreed six times in a row is used again', () => {
  const polls = new SparsePolls()
  const said = Array.from({ length: 6 }, () => polls.take(time(1.7), SHOWN))
  expect(said.at(4)).toEqual({})
  expect(said.at(5)).toEqual({ trusted: true })
})

const loads = fc.record({
  pollS: fc.integer({ min: 301, max: 3600 }),
  baseKw: fc.double({ min: 0.2, max: 3, noNaN: true }),
  moreKw: fc.double({ min: 0, max: 40, noNaN: true }),
  onPart: fc.double({ min: 0.2, max: 0.8, noNaN: true }),
  stateS: fc.integer({ min: 60, max: 7200 }),
  stepKwh: fc.constantFrom(0.001, 0.1, 1, 10),
  declared: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1e9 }),
})

describe('a meter that is polled every 10 minutes', () => {
  const atKw = (kw: number, factor: number) => ({
    pollS: 600,
    powerW: () => kw * 1000,
    energyKwh: (s: number) => Math.floor((500 + (kw * s) / 3600) * factor * 1000 + 1e-6) / 1000,
  })

  test.each([10, 100, 0.1, 0.001])('whose counter is of another scale (%d times) is not used', (factor) => {
    const { kwh, fault } = booked(atKw(10, factor), 12 * 3600)
    expect(fault).toMatch(/^its energy counter booked .* far (more|less) than .*; the counter is not used/)
    // one time of the wrong counter, and from then on its power
    expect(Math.abs(kwh - 120)).toBeLessThan(1.67 * Math.max(factor, 2))
  })

  test('whose counter stands still is named after 200 kWh of its own power, and booked by that', () => {
    const { kwh, fault } = booked(atKw(10, 0), 30 * 3600)
    expect(fault).toMatch(/^its energy counter booked 0 kWh in 7\d{4} s, far less than the 20\d kWh/)
    expect(kwh).toBeCloseTo(300, 0)
  })

  test('and is right is booked to its step', () => {
    expect(booked(atKw(10, 1), 12 * 3600)).toMatchObject({ faults: [] })
    expect(booked(atKw(10, 1), 12 * 3600).kwh).toBeCloseTo(120, 1)
  })

  test.each([10, 100])(
    'is told no more of a counter of another scale (%d times), though hours without an answer and a reading close by come while it is kept back',
    (factor) => {
      const counter = new HeldCounter(3600)
      const { energyKwh } = atKw(10, factor)
      const atMinutes = [0, 10, 20, 30, 200, 201, 211, 221, 400, 401, 402, 412]
      const told = atMinutes.map((minute) => {
        const { energyJ = 0, startsAgain } = counter.read(
          energyKwh(minute * 60) * KWH,
          10_000,
          minute * MINUTES,
        )
        return startsAgain ? 0 : energyJ / KWH
      })
      expect(Math.max(...told)).toBe(energyKwh(600))
    },
  )

  test('nor by restarts of the agent while it is kept back, however many, and it is refused all the same', () => {
    const restartsS = Array.from({ length: 40 }, (_, i) => (i + 1) * 3600)
    for (const factor of [10, 100, 0.001]) {
      const { kwh, fault } = booked({ ...atKw(10, factor), restartsS }, 40 * 3600)
      expect(fault).toMatch(/^its energy counter booked .* far (more|less) than .*; the counter is not used/)
      expect(Math.abs(kwh - 400)).toBeLessThan(1.67 * Math.max(factor, 2))
    }
    expect(booked({ ...atKw(10, 1), restartsS }, 40 * 3600).kwh).toBeCloseTo(400, 1)
    expect(booked({ ...atKw(10, 0), restartsS }, 40 * 3600).fault).toMatch(/booked 0 kWh/)
  })

  test('no true one is refused, whatever load comes and goes by chance between its polls', () => {
    fc.assert(fc.property(loads, expectBooked), { numRuns: 40 })
  }, 60_000)

  test('and in the end it is booked to its step, once the power has been met as it is for some polls', () => {
    fc.assert(
      fc.property(loads, fc.constantFrom(0.001, 0.1), (load, stepKwh) => {
        const { told, trueKwh, faults } = polled({ ...load, stepKwh }, 20)
        expect(faults.filter((fault) => fault.includes('not used'))).toEqual([])
        expect(Math.abs(told - trueKwh)).toBeLessThan(2 * stepKwh)
      }),
      { numRuns: 40 },
    )
  }, 60_000)
})

test('10 kW for a minute at a time beside polls of 25 min is booked, be it a little more than 10 kW or not', () => {
  for (const moreKw of [9.8, 9.800000000000002, 9.81, 12]) {
    const load = { baseKw: 0.2, onPart: 0.2, stateS: 60, stepKwh: 0.001, declared: false, moreKw }
    for (const seed of [161_420_480, 7, 8, 9]) {
      expectBooked({ ...load, pollS: 1482, seed })
      const { told, trueKwh } = polled({ ...load, pollS: 1482, seed }, 20)
      expect(Math.abs(told - trueKwh)).toBeLessThan(0.002)
    }
  }
})

interface RandomLoad {
  pollS: number
  baseKw: number
  moreKw: number
  onPart: number
  stateS: number
  stepKwh: number
  /** whether the driver knows the step */
  declared: boolean
  seed: number
}

/**
 * Polls a true meter 200 times, whose load comes and goes by chance.
 * @param steadyPolls so many times more at first while the load is low, and so many more at last while it is high
 */
function polled(
  { pollS, baseKw, moreKw, onPart, stateS, stepKwh, declared, seed }: RandomLoad,
  steadyPolls = 0,
) {
  const chanceS = 200 * pollS
  const spanS = chanceS + 2 * steadyPolls * pollS
  let random = seed
  const chance = () => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
    return random / 2 ** 32
  }
  const kw = new Float64Array(spanS + 1)
  const kwh = new Float64Array(spanS + 1)
  let on = false
  let until = steadyPolls * pollS
  for (let s = 0; s <= spanS; s++) {
    if (s >= until) {
      on = chance() < onPart
      until = s + stateS * (0.5 + chance())
    }
    if (steadyPolls > 0 && s > chanceS + steadyPolls * pollS) on = true
    kw[s] = baseKw + (on ? moreKw : 0)
    kwh[s] = (kwh[s - 1] ?? 0) + (s > 0 ? kw[s]! / 3600 : 0)
  }
  const { faults, kwh: told } = booked(
    {
      pollS,
      stepKwh: declared ? stepKwh : 0.001,
      powerW: (s) => kw[s]! * 1000,
      energyKwh: (s) => Math.floor((700 + kwh[s]!) / stepKwh + 1e-9) * stepKwh,
    },
    spanS,
  )
  return { faults, told, trueKwh: kwh[spanS]! }
}

/** No fault, and the energy is booked. */
function expectBooked(load: RandomLoad) {
  const { faults, told, trueKwh } = polled(load)
  expect(faults.filter((fault) => fault.includes('not used'))).toEqual([])
  // first powers that contradict each other where no counter explains them, a last time that is kept back, and the counter's steps
  const openKwh = 2 * load.stepKwh + (3 * (load.baseKw + load.moreKw) * load.pollS) / 3600
  expect(Math.abs(told - trueKwh)).toBeLessThan(openKwh)
}
