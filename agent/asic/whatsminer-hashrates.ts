import type { HashrateUnit } from '../../protocol/units.ts'
import { nonNegativeOf, numberOf, positiveOf, type Row, textOf } from '../wire/loose-json/fields.ts'
import { isInitialising } from './cgminer-facts.ts'
import type { AsicFacts, Board } from './facts.ts'
import { factoryUnit, fitsPower, isTerahash, unitOf } from './hashrate-unit.ts'
import { inHs } from './hashrates.ts'

/** After this time a board that still reports a climbing frequency is a board that fails; the slowest start takes 25 minutes. */
const RAMP_S = 3_600

/** Above what a Whatsminer draws while its chips are off; it draws thousands of watts when it runs. */
const SLEEP_W = 500

const BOARD_NOW = ['MHS 1m', 'MHS 5m', 'HS RT', 'MHS av'] as const

/** Whether the machine still raises the frequency of its chips. */
export function isRamping(summary: Row | undefined, boards: readonly Row[]): boolean {
  const uptimeS = nonNegativeOf(summary, 'Elapsed') ?? 0
  const stable = summary?.['Hash Stable']
  const climbs =
    stable === undefined
      ? boards.some(isClimbing)
      : /^(false|0)$/i.test(String(stable)) && boards.every(isClimbing)
  return climbs && uptimeS < RAMP_S
}

export const isClimbing = (board: Row): boolean => numberOf(board['Upfreq Complete']) === 0

/**
 * The hashrates of a Whatsminer on TCP 4028. Field names claim MH/s, and GH/s for the factory's hashrate. API 2.2 has TH/s under
 * the same names in `devs`, so each unit is checked: factory against what machines can do, `summary` against the factory, boards
 * against `summary`.
 */
export function whatsminerHashrates(
  summary: Row | undefined,
  boards: readonly Row[],
  ramping: boolean,
): AsicFacts {
  const factoryHs = ofFactory(summary, boards)
  const powerW = positiveOf(summary, 'Power', 'Power_RT')
  // one reply has one unit. A second witness must tell another one: a machine that stops shows low figures in the right unit too
  const nowNames = ['HS RT', 'MHS 5s', 'MHS 1m']
  const now = nonNegativeOf(summary, ...nowNames) || nonNegativeOf(summary, 'MHS av')
  const byFactory = unitOf(now, { named: 'MH', referenceHs: factoryHs, settled: !ramping })
  const runs = (powerW ?? 0) > SLEEP_W
  const likely = factoryHs === undefined && runs && isTerahash(now, powerW) ? 'TH' : byFactory
  const unitOfSummary = !ramping && fitsPower(inHs(now, likely), powerW) ? likely : 'MH'
  const inSummary = (...names: string[]) => inHs(nonNegativeOf(summary, ...names), unitOfSummary)
  const ofSummary = inSummary(...nowNames)
  const average = nonNegativeOf(summary, 'MHS av')
  // one figure of the two may have the other's thousand
  const averageHs =
    [inHs(average, unitOfSummary), inHs(average, 'MH')].find((hs) => isLike(hs, ofSummary)) ??
    inSummary('MHS av')

  const values = boards.map((board) => nonNegativeOf(board, ...BOARD_NOW))
  const unit = unitOf(sumOfKnown(values), {
    named: 'MH',
    referenceHs: ofSummary || averageHs || factoryHs,
    settled: !!ofSummary || !ramping,
    measured: !!ofSummary,
  })
  const known = values.every((value) => value !== undefined) && values.length > 0
  return {
    hashrateHs: ofSummary ?? (known ? inHs(sumOfKnown(values), unit) : undefined),
    hashrateAvgHs: averageHs,
    expectedHashrateHs: factoryHs ?? inSummary('Target MHS'),
    hashratesBeside: [
      { name: 'its average of 1 min', hashrateHs: inSummary('MHS 1m'), windowS: 60 },
      { name: 'its average of 5 min', hashrateHs: inSummary('MHS 5m'), windowS: 300 },
      { name: 'its average of 15 min', hashrateHs: inSummary('MHS 15m'), windowS: 900 },
    ],
    boardsAreNow: boards.every(
      (board) => nonNegativeOf(board, ...BOARD_NOW) === nonNegativeOf(board, 'HS RT'),
    ),
    boards: boards.map((board, i) => boardOf(board, inHs(values[i], unit), i)),
  }
}

const isLike = (hs = 0, otherHs = 0): boolean => !otherHs || (hs > otherHs / 30 && hs < 30 * otherHs)

function ofFactory(summary: Row | undefined, boards: readonly Row[]): number | undefined {
  const each = boards.map((board) => positiveOf(board, 'Factory GHS'))
  const value =
    positiveOf(summary, 'Factory GHS') ??
    (each.length > 0 && each.every((ghs) => ghs !== undefined) ? sumOfKnown(each) : undefined)
  return inHs(value, factoryUnit(value, 'GH' satisfies HashrateUnit))
}

const sumOfKnown = (values: readonly (number | undefined)[]): number =>
  values.reduce((sum: number, value) => sum + (value ?? 0), 0)

function boardOf(row: Row, hashrateHs: number | undefined, i: number): Board {
  const status = textOf(row, 'Status') ?? 'Alive'
  return {
    name: `hashboard ${nonNegativeOf(row, 'Slot', 'ASC') ?? i}`,
    hashrateHs,
    chipsWorking: nonNegativeOf(row, 'Effective Chips'),
    dead: /^alive$/i.test(status) || isInitialising(row) ? undefined : `status ${status}`,
  }
}
