import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sumOfSupplies } from '../../../agent/host-power/machine-power.ts'
import {
  efficiencyOf,
  ofListed,
  type Supplies,
  suppliesTogether,
} from '../../../agent/host-power/supplies.ts'
import { TotalCheck } from '../../../agent/host-power/total-check.ts'
import { TotalChecks } from '../../../agent/host-power/total-checks.ts'

const MINUTE = 60_000
const about = (i: number, mayBeShared = false) => ({ name: 'DCMI', mayBeShared, nowMs: i * 5000 })
const inputs = (...watts: number[]) =>
  suppliesTogether(watts.map((powerW) => ({ input: powerW > 0 ? { powerW } : {}, output: {} }))) as Supplies
/** Verdicts of so many comparisons in a row. */
const verdicts = (totalW: number, supplies: Supplies, count: number, mayBeShared = false) => {
  const check = new TotalCheck()
  return Array.from({ length: count }, (_, i) => check.compare(totalW, supplies, about(i, mayBeShared)))
}

describe('a total far from its supplies is refused from the first comparison on', () => {
  test.each([
    [4000, [300, 300], '4000 W, beside 600 W of its supplies'],
    [1200, [300, 300], '1200 W, beside 600 W of its supplies'],
    [50, [300, 300], '50 W, beside 600 W of its supplies'],
    [300, [300, 300], '300 W, beside 600 W of its supplies'],
  ])('%d W beside %j', (totalW, watts, refused) => {
    for (const verdict of verdicts(totalW, inputs(...watts), 3)) expect(verdict).toEqual({ refused })
  })
})

test('a GPU baseboard’s 4000 W beside 5600 W of the supplies are refused at the sixth comparison', () => {
  const said = verdicts(4000, inputs(1400, 1400, 1400, 1400), 7).map(({ refused }) => refused)
  expect(said.slice(0, 5)).toEqual(Array(5).fill(undefined))
  expect(said.slice(5)).toEqual(Array(2).fill('4000 W, beside 5600 W of its supplies'))
})

test('where the supplies may feed several machines, a total far below them is for a person to judge, also when it comes nearer', () => {
  const check = new TotalCheck()
  const unclear = (watts: number) =>
    `DCMI of ${watts} W, beside 1800 W of its supplies, which other machines may share`
  expect(check.compare(450, inputs(900, 900), about(0, true))).toEqual({ unclear: unclear(450) })
  expect(check.compare(1050, inputs(900, 900), about(1, true))).toEqual({ unclear: unclear(1050) })
  expect(verdicts(4000, inputs(900, 900), 1, true)).toEqual([
    { refused: '4000 W, beside 1800 W of its supplies' },
  ])
})

test('one that agreed once is refused after three minutes, or ten where it is near, and after that at once where it does not agree', () => {
  const check = new TotalCheck()
  const say = (totalW: number, minute: number) =>
    check.compare(totalW, inputs(300, 300), { ...about(0), nowMs: minute * MINUTE }).refused
  expect([say(600, 0), say(4000, 1), say(4000, 2), say(4000, 3)]).toEqual(Array(4).fill(undefined))
  expect(say(4000, 4)).toBe('4000 W, beside 600 W of its supplies')
  expect([say(640, 5), say(4000, 6)]).toEqual([undefined, '4000 W, beside 600 W of its supplies'])
  for (let minute = 7; minute < 18; minute++) expect(say(620, minute)).toBeUndefined()
  for (let minute = 18; minute < 28; minute++) expect(say(900, minute)).toBeUndefined()
  expect(say(900, 28)).toBe('900 W, beside 600 W of its supplies')
})

describe('honest spread is no fault', () => {
  test.each<[string, number, Supplies]>([
    ['a total behind the supplies’ losses', 480, inputs(280, 285)],
    ['a small machine and sensors in steps of 16 W', 62, inputs(48, 48)],
    ['one supply that rests and shows 0', 640, inputs(655, 0)],
    ['one supply of two whose sensor is broken', 640, inputs(325, 0)],
    ['an idle machine behind supplies with poor efficiency', 40, inputs(32, 33)],
    ['the only supply in a list', 640, inputs(650)],
    ['the only supply in a list, beside another that is not', 640, inputs(325)],
  ])('%s', (_, totalW, supplies) => {
    for (const verdict of verdicts(totalW, supplies, 20)) expect(verdict).toEqual({})
  })

  test('of any machine whose load leaps between the two readings now and then', () => {
    fc.assert(
      fc.property(
        fc.record({
          count: fc.integer({ min: 1, max: 6 }),
          resting: fc.boolean(),
          stepW: fc.constantFrom(1, 2, 4, 8, 16),
          /** of the total: at the wall, or behind the supplies */
          seen: fc.double({ min: 0.85, max: 1.03, noNaN: true }),
          loads: fc.array(fc.double({ min: 60, max: 9000, noNaN: true }), { minLength: 10, maxLength: 60 }),
        }),
        ({ count, resting, stepW, seen, loads }) => {
          const check = new TotalCheck()
          const working = resting && count > 1 ? count - 1 : count
          loads.forEach((loadW, i) => {
            const thenW = i % 4 === 3 ? (loads[i - 1] ?? loadW) : loadW
            const each = Math.round(loadW / working / stepW) * stepW
            const watts = Array.from({ length: count }, (_, n) => (n < working ? each : 0))
            if (each > 0) expect(check.compare(thenW * seen, inputs(...watts), about(i))).toEqual({})
          })
        },
      ),
    )
  })
})

test('the supplies are read at first, every ten minutes, where the total has moved, and while the two disagree', () => {
  const check = new TotalCheck()
  expect(check.isDue(600, 0)).toBe(true)
  check.compare(600, inputs(300, 300), { ...about(0), nowMs: 0 })
  expect([610, 1000, 300].map((watts) => check.isDue(watts, 5000))).toEqual([false, false, false])
  expect([610, 1000, 300].map((watts) => check.isDue(watts, MINUTE))).toEqual([false, true, true])
  expect(check.isDue(610, 10 * MINUTE)).toBe(true)
  check.compare(4000, inputs(300, 300), { ...about(0), nowMs: MINUTE })
  expect(check.isDue(4000, MINUTE + 5000)).toBe(true)
  const silent = new TotalCheck()
  silent.unanswered(0)
  expect([5000, 10_000].map((ms) => silent.isDue(610, ms))).toEqual([false, true])
  silent.unanswered(10_000)
  expect([20_000, 30_000].map((ms) => silent.isDue(610, ms))).toEqual([false, true])
  for (let i = 0; i < 20; i++) silent.unanswered(3 * MINUTE)
  expect([12, 13].map((minute) => silent.isDue(610, minute * MINUTE))).toEqual([false, true])
})

describe('supplies that say nothing agree with nothing', () => {
  const refused = { refused: '4000 W, beside 600 W of its supplies' }
  const beside = (check: TotalCheck, totalW: number, minute: number) =>
    check.compare(totalW, inputs(300, 300), { ...about(0), nowMs: minute * MINUTE })

  test('a total is refused at their first answer, however long they were silent before it', () => {
    const check = new TotalCheck()
    for (let minute = 0; minute < 30; minute++) expect(check.unanswered(minute * MINUTE)).toEqual({})
    expect(beside(check, 4000, 30)).toEqual(refused)
  })

  test('one that was refused stays so while they are silent, in this run and the next, until they have agreed for ten minutes', () => {
    let check = new TotalCheck()
    beside(check, 4000, 0)
    expect(check.isDue(4000, 1)).toBe(true)
    for (let minute = 1; minute < 60; minute++) expect(check.unanswered(minute * MINUTE)).toEqual(refused)
    check = new TotalCheck(JSON.parse(JSON.stringify(check.known)))
    expect(check.isDue(600, 0)).toBe(true)
    expect(check.unanswered(0)).toEqual(refused)
    // beside supplies that agree it is used, and not alone
    for (let minute = 1; minute < 11; minute++) expect(beside(check, 600, minute)).toEqual({})
    expect(check.unanswered(11 * MINUTE)).toEqual(refused)
    expect(check.known).toEqual(refused)
    expect(beside(check, 600, 11.5)).toEqual({})
    expect(check.known).toBeUndefined()
    expect(check.unanswered(12 * MINUTE)).toEqual({})
  })

  test('nor does one for a person to judge come back by their silence', () => {
    const check = new TotalCheck()
    const unclear = check.compare(50, inputs(300, 300), about(0, true))
    expect(unclear).toHaveProperty('unclear')
    expect(new TotalCheck(check.known).unanswered(5000)).toEqual(unclear)
  })

  test('supplies of several machines agree with a total near theirs, and say nothing of one below', () => {
    const check = new TotalCheck()
    const feedOthers = { ...about(0), feedOthers: true }
    expect(check.compare(4000, inputs(300, 300), feedOthers)).toEqual(refused)
    expect(check.compare(100, inputs(300, 300), feedOthers)).toEqual(refused)
    expect(check.compare(590, inputs(300, 300), feedOthers)).toEqual({})
  })

  test.each([undefined, null, 7, { refused: 4 }, []])('what another version left is nothing: %j', (known) => {
    expect(new TotalCheck(known).known).toBeUndefined()
    expect(new TotalChecks(known).known).toBeUndefined()
  })
})

describe('what supplies say together', () => {
  test('is their inputs, and where one tells only its output that by its efficiency', () => {
    const outputs = [
      { input: {}, output: { powerW: 460 } },
      { input: {}, output: { powerW: 470 }, ...efficiencyOf(94) },
    ]
    expect(suppliesTogether(outputs)).toMatchObject({ inputW: 500 + 500, count: 2 })
    expect([efficiencyOf(undefined), efficiencyOf(0), efficiencyOf(100)]).toEqual([{}, {}, {}])
    // iDRAC 9 writes the ratio
    expect(efficiencyOf(0.91)).toEqual({ efficiencyRatio: 0.91 })
  })

  /** iDRAC 9, telegraf's fixture: a control with a capacity of 1628 W beside one listed supply of 750 W that puts out 203 W; 429 W in. */
  test('may be more by as much as the machine’s capacity is above the rating of those in the list', () => {
    const listed = suppliesTogether([{ input: {}, output: { powerW: 203 } }])
    const whole = ofListed(listed, { capacityW: 1628, ratedW: 750 }) as Supplies
    expect(new TotalCheck().compare(429, whole, about(0))).toEqual({})
    expect(new TotalCheck().compare(3000, whole, about(0))).toHaveProperty('refused')
    expect(ofListed(listed, { capacityW: 800, ratedW: 750 })).toEqual(listed)
    expect(ofListed(listed, {})).toEqual(listed)
  })

  test('is nothing where one of them says nonsense, or shows none', () => {
    const supply = { input: { powerW: 300 }, output: {} }
    expect(suppliesTogether([supply, { input: { refused: '-1 W' }, output: {} }])).toBeUndefined()
    expect(suppliesTogether([supply, { input: {}, output: {}, isSilent: true }])).toBeUndefined()
    expect(suppliesTogether([{ input: {}, output: {} }])).toBeUndefined()
  })

  /** `ipmitool sensor` of HPE ProLiant Gen10 Plus with iLO 5, in public laboratory logs: PS 1 Input 190, PS 2 Input 2550, Power Meter 240 W. */
  test('is nothing where one shows all bits of its sensor set, far above the others', () => {
    const of = (...watts: number[]) => watts.map((powerW) => ({ input: { powerW }, output: {} }))
    expect(sumOfSupplies(of(190, 2550))).toEqual({ refused: '2550 W, beside 190 W' })
    expect(sumOfSupplies(of(190, 255))).toMatchObject({ powerW: 445 })
    expect(sumOfSupplies(of(2550, 2500))).toMatchObject({ powerW: 5050 })
    expect(sumOfSupplies(of(2550))).toMatchObject({ powerW: 2550 })
  })
})
