import { type AsicFacts, sumOfAll } from './facts.ts'
import { fitsPower, LEAST_J_PER_TH, MOST_J_PER_TH } from './hashrate-unit.ts'
import { showHashrate } from './hashrates.ts'
import { unitByShares } from './mined-algorithm.ts'
import { ratingOf } from './models/rated-efficiency.ts'

/**
 * One chip of any SHA-256 machine since 2016 computes from 70 GH/s (BM1387 of the S9) to 3 TH/s. Outside these limits, which
 * leave a factor of 40 and of 5, a figure has the wrong unit.
 */
const CHIP_MIN_HS = 1.8e9
const CHIP_MAX_HS = 15e12
/** Below this part of what it can do, a machine does not just have boards that fail: one chip of 300 would be 1/300. */
const LOW_PART = 1 / 400
/** A machine that starts goes through every low hashrate. One below this part has the wrong unit all the same. */
const STARTING_LOW_PART = 1e-5
/** While it starts, a machine draws its watts long before it makes their hashrate. */
const STARTING_POWER_PART = 1e-3
/** Above this multiple of what it can do; models of one line differ by less, and one controller has up to 20 Avalon modules. */
const HIGH_MULTIPLE = 40
/** A hashrate above this multiple of the expected one is a wrong reading: firmware shows such spikes for one sample. */
const MAX_OF_EXPECTED = 2

export interface Plausible {
  /** the figures that can be right */
  hashrateHs?: number | undefined
  hashrateAvgHs?: number | undefined
  expectedHashrateHs?: number | undefined
  /** true: the present hashrate has a wrong unit; the machine's state cannot be told from it */
  wrongUnit: boolean
  /** each names the figure that is not used, and what it contradicts */
  faults: string[]
}

/** What the machine can do, by one witness. */
interface Ability {
  minHs: number
  maxHs: number
  /** in words, with the figure */
  words: string
}

const HASHRATE_READING = 'the hashrate reading'

/** An average that is a unit's factor away from the present hashrate, give or take this, has the wrong unit. */
const NEAR_UNIT = 1.4
const UNIT_FACTORS = [1e-6, 1e-3, 1e3, 1e6]
const isNearUnit = (ratio: number): boolean => ratio > 1 / NEAR_UNIT && ratio < NEAR_UNIT

/**
 * Checks each hashrate against what the machine can do: by its model's rating or else by its chips, which do not depend on the unit of
 * the reply, or else by its watts. Only where none of them is known, the expected hashrate that it gives and its boards judge; else
 * they are judged like the hashrate itself.
 * @param starting true while the machine starts: it may show any hashrate below its normal one
 */
export function plausibleHashrates(facts: AsicFacts, starting: boolean): Plausible {
  const wrong = (valueHs: number | undefined, abilities: readonly Ability[]) =>
    valueHs ? abilities.find(({ minHs, maxHs }) => valueHs < minHs || valueHs > maxHs) : undefined

  const byPower = wrong(facts.hashrateHs, powerAbilities(facts, starting))
  // a nominal figure is never low because the machine starts; the present watts judge it only where they contradict the present hashrate
  const wrongExpected = wrong(
    facts.expectedHashrateHs,
    byPower ? powerAbilities(facts, false) : firstOf(independentOf(facts, false)),
  )
  const expectedHashrateHs = wrongExpected ? undefined : facts.expectedHashrateHs
  const told = { ...facts, expectedHashrateHs }
  const judges = firstOf(independentOf(facts, starting))
  const others = judges.length > 0 ? judges : abilitiesOf(told, starting)
  const against =
    byPower ??
    wrong(facts.hashrateHs, others.length > 0 || facts.power ? others : sharesAbilities(facts)) ??
    anotherUnitByTwo(facts, starting)
  // what the rest of the reply says otherwise is the worse figure
  const worse = against ? undefined : wrong(facts.hashrateHs, abilitiesOf(told, starting))
  // an average since the start is low after a long pause, and the boards' present sum is no measure for it
  const averages = { ...told, boards: worse ? undefined : unmeasured(facts.boards) }
  const againstAvg =
    wrong(facts.hashrateAvgHs, abilitiesOf(averages, !against)) ??
    (starting || against ? undefined : anotherUnit(facts.hashrateAvgHs, facts.hashrateHs))
  const spike = against ? undefined : hashrateFault(facts.hashrateHs, expectedHashrateHs)
  return {
    hashrateHs: against || spike ? undefined : facts.hashrateHs,
    hashrateAvgHs: againstAvg ? undefined : facts.hashrateAvgHs,
    expectedHashrateHs,
    wrongUnit: against !== undefined,
    faults: [
      ...(against ? [notUsed(HASHRATE_READING, facts.hashrateHs, against)] : []),
      ...(spike ? [spike] : []),
      ...(againstAvg && !against ? [notUsed('the average hashrate', facts.hashrateAvgHs, againstAvg)] : []),
      ...(wrongExpected && !against
        ? [notUsed('the expected hashrate', facts.expectedHashrateHs, wrongExpected)]
        : []),
      ...(worse
        ? [
            `its hashrate of ${showHashrate(facts.hashrateHs)} contradicts another figure: ${worse.words}; that figure is ignored`,
          ]
        : []),
    ],
  }
}

/** Why a hashrate reading is ignored as a spike; undefined where it is plausible. */
export function hashrateFault(hashrateHs = 0, expectedHashrateHs = 0): string | undefined {
  if (!expectedHashrateHs || hashrateHs <= MAX_OF_EXPECTED * expectedHashrateHs) return undefined
  return `the hashrate reading of ${showHashrate(hashrateHs)} is ignored: more than twice the expected ${showHashrate(expectedHashrateHs)}`
}

/** The average against the present hashrate, where the two have different units. */
function anotherUnit(averageHs = 0, presentHs = 0): Ability | undefined {
  if (!presentHs || !UNIT_FACTORS.some((unit) => isNearUnit(averageHs / presentHs / unit))) return undefined
  return abilityOf(presentHs, 1, 'it hashes with')
}

/** What has the same wrong unit as another figure of its reply is about as large. */
const SAME_UNIT = 2

/**
 * Where one witness is too weak, two figures together show that the present hashrate has a wrong unit. A machine that starts shows any low
 * hashrate; but an expected one that is too low for the machine, and about as large, has the same wrong unit. Boards whose sum is a unit's
 * factor away are right where the watts fit them and not the machine's figure, and while it starts where they are the higher ones.
 */
function anotherUnitByTwo(facts: AsicFacts, starting: boolean): Ability | undefined {
  const { hashrateHs = 0, expectedHashrateHs = 0, power } = facts
  if (!hashrateHs) return undefined
  const known = firstOf(independentOf(facts, false))
  const isSame = expectedHashrateHs < SAME_UNIT * hashrateHs && hashrateHs < SAME_UNIT * expectedHashrateHs
  const tooLow = [...known, ...powerAbilities(facts, false)].find(({ minHs }) => expectedHashrateHs < minHs)
  if (starting && isSame && tooLow) return tooLow
  const boardsHs = sumOfBoards(facts)
  if (!boardsHs || known.some(({ minHs, maxHs }) => boardsHs < minHs || boardsHs > maxHs)) return undefined
  if (!UNIT_FACTORS.some((unit) => isNearUnit(boardsHs / hashrateHs / unit))) return undefined
  const byPower = fitsPower(boardsHs, power?.powerW) && !fitsPower(hashrateHs, power?.powerW)
  return byPower || (starting && boardsHs > hashrateHs) ? abilityOf(boardsHs, 1, ADD_UP) : undefined
}

const firstOf = (abilities: readonly Ability[]): readonly Ability[] => abilities.slice(0, 1)

const unmeasured = (boards: AsicFacts['boards']) =>
  boards?.map((board) => ({ ...board, hashrateHs: undefined }))

/** The checks that hold for any algorithm: against its own boards and its expected hashrate, none of which is known by Bitcoin's machines. */
const relativeHashrates = (facts: AsicFacts, starting: boolean): Plausible =>
  plausibleHashrates(
    {
      ...facts,
      model: undefined,
      power: undefined,
      pools: undefined,
      boards: facts.boards?.map(({ name, hashrateHs }) => ({ name, hashrateHs })),
    },
    starting,
  )

/**
 * The checks of a machine that may hash anything: as `relativeHashrates`, and against its chips alone. If it mines Bitcoin, they say that
 * the unit is wrong; if it does not, its hashrate is of no use anyhow. So it is ignored, and does not make the machine faulty.
 */
export function hashratesOfUnknown(facts: AsicFacts, starting: boolean): Plausible {
  const relative = relativeHashrates(facts, starting)
  const byChips = plausibleHashrates(
    { ...facts, model: undefined, power: undefined, pools: undefined, expectedHashrateHs: undefined },
    starting,
  )
  return relative.wrongUnit || !byChips.wrongUnit
    ? relative
    : { ...byChips, expectedHashrateHs: relative.expectedHashrateHs, wrongUnit: false }
}

/** Whether a fault says that the present hashrate has a wrong unit. */
export const saysWrongUnit = (fault: string): boolean =>
  fault.startsWith(`${HASHRATE_READING} of `) && fault.includes('; check its unit')

const lowPart = (starting: boolean): number => (starting ? STARTING_LOW_PART : LOW_PART)

const independentOf = (facts: AsicFacts, starting: boolean): Ability[] =>
  [ratedAbility(facts, lowPart(starting)), chipsAbility(facts, starting)].filter((a) => a !== undefined)

const abilitiesOf = (facts: AsicFacts, starting: boolean): Ability[] => [
  ...independentOf(facts, starting),
  ...[
    abilityOf(facts.expectedHashrateHs, lowPart(starting), 'it gives as its expected hashrate'),
    boardsAbility(facts, lowPart(starting)),
  ].filter((a) => a !== undefined),
]

const notUsed = (what: string, valueHs: number | undefined, { words }: Ability): string =>
  `${what} of ${showHashrate(valueHs)} is ignored: ${words}; check its unit on the machine’s own page`

const abilityOf = (hashrateHs: number | undefined, low: number, words: string): Ability | undefined =>
  hashrateHs
    ? {
        minHs: hashrateHs * low,
        maxHs: hashrateHs * HIGH_MULTIPLE,
        words: `${words} ${showHashrate(hashrateHs)}`,
      }
    : undefined

function ratedAbility({ model }: AsicFacts, low: number): Ability | undefined {
  const rated = ratingOf(model)
  return rated && abilityOf(rated.hashrateThs * 1e12, low, 'its model is rated at about')
}

/** By the watts that the machine itself tells: only where neither its model nor its chips say more exactly what it can do. */
function powerAbilities(facts: AsicFacts, starting: boolean): Ability[] {
  const { power, asleep } = facts
  if (!power?.powerW || asleep || independentOf(facts, starting).length > 0) return []
  const [slow, fast] = [MOST_J_PER_TH, LEAST_J_PER_TH].map((jPerTh) => (power.powerW / jPerTh) * 1e12) as [
    number,
    number,
  ]
  const words = `the ${Math.round(power.powerW)} W that it draws make ${showHashrate(slow)} to ${showHashrate(fast)}`
  return [{ minHs: slow * (starting ? STARTING_POWER_PART : 1), maxHs: fast, words }]
}

/** By its accepted shares, where nothing else is known: they show a wrong unit, and nothing finer. */
function sharesAbilities(facts: AsicFacts): Ability[] {
  const unit = unitByShares(facts)
  const ability =
    unit && abilityOf(unit * (facts.hashrateHs ?? 0), LOW_PART, 'its accepted shares stand for about')
  return ability ? [ability] : []
}

/** By the chips that work, else by those fitted. */
function chipsAbility({ boards = [] }: AsicFacts, starting: boolean): Ability | undefined {
  const count = (of: 'chipsWorking' | 'chipsFitted') =>
    boards.reduce((sum, board) => sum + (board[of] ?? 0), 0)
  const fitted = count('chipsFitted')
  const working = Math.min(count('chipsWorking') || fitted, fitted || Number.POSITIVE_INFINITY)
  const most = Math.max(working, fitted)
  if (!Number.isFinite(working) || working === 0) return undefined
  return {
    minHs: starting ? 0 : working * CHIP_MIN_HS,
    maxHs: most * CHIP_MAX_HS,
    words: `${most} chips can do ${showHashrate(working * CHIP_MIN_HS)} to ${showHashrate(most * CHIP_MAX_HS)}`,
  }
}

/** All boards must tell a hashrate: a part of them would be too small a sum. */
const sumOfBoards = ({ boards = [] }: AsicFacts): number | undefined =>
  sumOfAll(boards.map((board) => board.hashrateHs))

const ADD_UP = 'its boards add up to'

const boardsAbility = (facts: AsicFacts, low: number): Ability | undefined =>
  abilityOf(sumOfBoards(facts), low, ADD_UP)
