import { hashrateHs } from '../../protocol/units.ts'
import type { CgminerReply } from '../wire/cgminer/reply.ts'
import {
  nonNegativeOf,
  numberOf,
  numbersOf,
  positiveOf,
  type Row,
  rowsOf,
  textOf,
} from '../wire/loose-json/fields.ts'
import { farFromNeighbours } from './equal-boards.ts'
import { type AsicFacts, type Board, type Fan, fansWithSpeed, sumOfAll } from './facts.ts'
import { fromMhs, showHashrate } from './hashrates.ts'

/** Replies in the form of cgminer's API-README; those that a firmware lacks are absent. */
export interface CgminerReplies {
  summary?: CgminerReply | undefined
  devs?: CgminerReply | undefined
  devdetails?: CgminerReply | undefined
  fans?: CgminerReply | undefined
  temps?: CgminerReply | undefined
}

/** The facts that every firmware of the cgminer family gives in the same fields. */
export function cgminerFacts({ summary: reply, devs, devdetails, fans, temps }: CgminerReplies): AsicFacts {
  const summary = rowsOf(reply?.body, 'SUMMARY')[0]
  const boards = rowsOf(devs?.body, 'DEVS')
  const chips = new Map(rowsOf(devdetails?.body, 'DEVDETAILS').map((row) => [numberOf(row['ID']), row]))
  const sensors = rowsOf(temps?.body, 'TEMPS')
  return {
    hashrateHs:
      hashrateOf(summary, '5s', '15s', '30s', '1m', '5m') ??
      sumOfAll(boards.map((row) => hashrateOf(row, '5s', '20s', '1m', '5m'))),
    hashrateAvgHs: hashrateOf(summary, 'av'),
    ...nominalOf(boards),
    hashratesBeside: [
      { name: 'its average of 1 min', hashrateHs: hashrateOf(summary, '1m'), windowS: 60 },
      { name: 'its average of 5 min', hashrateHs: hashrateOf(summary, '5m'), windowS: 300 },
      { name: 'its average of 15 min', hashrateHs: hashrateOf(summary, '15m'), windowS: 900 },
    ],
    boardsAreNow: boards.length > 0 && boards.every((row) => hashrateOf(row, '5s', '20s') !== undefined),
    boards: devs?.complete
      ? boards.map((row, i) => boardOf(row, chips.get(numberOf(row['ID'])), i))
      : undefined,
    boardTempsC: [
      ...boards.flatMap((row) => numbersOf(row['Temperature'] ?? [])),
      ...sensors.flatMap((row) => numbersOf(row['Board'] ?? [])),
    ],
    chipTempsC: [
      ...boards.flatMap((row) => numbersOf(row['Chip Temp Max'] ?? [])),
      ...sensors.flatMap((row) => numbersOf(row['Chip'] ?? [])),
    ],
    fans: fansOf(fans),
    starting: boards.some(isInitialising),
    uptimeS: nonNegativeOf(summary, 'Elapsed'),
    // cgminer's API-README, `ascdisable`: the operator has switched every board off
    stopped: { devs: boards.length > 0 ? boards.every((row) => row['Enabled'] === 'N') : undefined },
  }
}

/** What its boards are made for. Equal boards have equal nominal hashrates. */
function nominalOf(boards: readonly Row[]): Pick<AsicFacts, 'expectedHashrateHs' | 'notes'> {
  const each = boards.map((row) => positiveOf(row, 'Nominal MHS'))
  const [far] = farFromNeighbours(each.map((mhs) => mhs ?? 0))
  if (far === undefined || sumOfAll(each) === undefined)
    return { expectedHashrateHs: fromMhs(sumOfAll(each)) }
  const shown = each.map((mhs) => showHashrate(fromMhs(mhs))).join(', ')
  return {
    notes: [
      `its expected hashrate is not used: its equal boards are said to make ${shown}, of which one is far from the others; check its own page`,
    ],
  }
}

/** cgminer's word for a board that has not begun. */
export const isInitialising = (row: Row): boolean =>
  /^initiali[sz]/i.test(textOf(row, 'Status', 'status') ?? '')

/** `FANS` of bosminer and LuxOS. */
export const fansOf = (reply: CgminerReply | undefined): Fan[] =>
  fansWithSpeed(
    rowsOf(reply?.body, 'FANS').map((row, i) => ({
      name: textOf(row, 'FAN', 'ID')?.toLowerCase() ?? `fan ${i}`,
      rpm: nonNegativeOf(row, 'RPM'),
    })),
  )

const UNITS = ['TH', 'GH', 'MH', 'kH'] as const

/** The first period that the row has; the field's name begins with the unit: `MHS 5s`, `GHS av`. */
function hashrateOf(row: Row | undefined, ...periods: string[]): number | undefined {
  for (const period of periods)
    for (const unit of UNITS) {
      const value = nonNegativeOf(row, `${unit.toUpperCase()}S ${period}`)
      if (value !== undefined) return hashrateHs(value, unit)
    }
  return undefined
}

function boardOf(row: Row, details: Row | undefined, i: number): Board {
  const status = textOf(row, 'Status') ?? 'Alive'
  return {
    name: `hashboard ${nonNegativeOf(row, 'ASC', 'PGA', 'ID') ?? i}`,
    hashrateHs: hashrateOf(row, '5s', '20s', '1m', '5m', 'av'),
    chipsFitted: positiveOf(details, 'Chips'),
    chipsWorking: positiveOf(details, 'Chips'),
    dead: /^alive$/i.test(status) || isInitialising(row) ? undefined : `status ${status}`,
  }
}
