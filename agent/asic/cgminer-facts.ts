import { hashrateHs } from '../../protocol/units.ts'
import type { CgminerReply } from '../wire/cgminer.ts'
import type { Row } from '../wire/cgminer-text.ts'
import { amount, numberOf, numbersOf, positive, rowsOf, textOf } from '../wire/loose-json.ts'
import type { AsicFacts, Board, Fan } from './reading.ts'

/** Replies of the cgminer family in the form that cgminer's own API documents; those that a firmware lacks are absent. */
export interface CgminerReplies {
  summary?: CgminerReply | undefined
  devs?: CgminerReply | undefined
  devdetails?: CgminerReply | undefined
  fans?: CgminerReply | undefined
  temps?: CgminerReply | undefined
}

/** What every program of the family tells alike. */
export function cgminerFacts({ summary: reply, devs, devdetails, fans, temps }: CgminerReplies): AsicFacts {
  const summary = rowsOf(reply?.body, 'SUMMARY')[0]
  const boards = rowsOf(devs?.body, 'DEVS')
  const chips = new Map(rowsOf(devdetails?.body, 'DEVDETAILS').map((row) => [numberOf(row['ID']), row]))
  const sensors = rowsOf(temps?.body, 'TEMPS')
  return {
    hashrateHs: hashrateOf(summary, '5s', '15s', '30s', '1m', '5m') ?? sumOf(boards, '5s', '1m'),
    hashrateAvgHs: hashrateOf(summary, 'av'),
    expectedHashrateHs: nominalOf(boards),
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
    uptimeS: amount(summary, 'Elapsed'),
  }
}

/** `FANS` of bosminer and LuxOS. */
export const fansOf = (reply: CgminerReply | undefined): Fan[] =>
  rowsOf(reply?.body, 'FANS').flatMap((row, i) => {
    const rpm = amount(row, 'RPM')
    return rpm === undefined ? [] : [{ name: textOf(row, 'FAN', 'ID')?.toLowerCase() ?? `fan ${i}`, rpm }]
  })

const UNITS = ['TH', 'GH', 'MH', 'kH'] as const

/** The first period that is told, in whatever unit the field's name says: `MHS 5s`, `GHS av`. */
function hashrateOf(row: Row | undefined, ...periods: string[]): number | undefined {
  for (const period of periods)
    for (const unit of UNITS) {
      const value = amount(row, `${unit.toUpperCase()}S ${period}`)
      if (value !== undefined) return hashrateHs(value, unit)
    }
  return undefined
}

/** The sum over rows that all tell it. */
function sumOf(rows: readonly Row[], ...periods: string[]): number | undefined {
  const parts = rows.map((row) => hashrateOf(row, ...periods))
  if (parts.length === 0) return undefined
  return parts.reduce((sum, part) => (sum === undefined || part === undefined ? undefined : sum + part))
}

function nominalOf(boards: readonly Row[]): number | undefined {
  const parts = boards.map((row) => positive(row, 'Nominal MHS'))
  const sum = parts.every((part) => part !== undefined) ? parts.reduce((a, b) => a + b, 0) : 0
  return sum > 0 ? hashrateHs(sum, 'MH') : undefined
}

function boardOf(row: Row, details: Row | undefined, i: number): Board {
  const status = textOf(row, 'Status') ?? 'Alive'
  return {
    name: `hashboard ${amount(row, 'ASC', 'PGA', 'ID') ?? i}`,
    hashrateHs: hashrateOf(row, '5s', '20s', '1m', '5m', 'av'),
    chipsFitted: positive(details, 'Chips'),
    chipsWorking: positive(details, 'Chips'),
    dead: /^alive$/i.test(status) ? undefined : `status ${status}`,
  }
}
