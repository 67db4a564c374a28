import type { Board } from './board.ts'
import type { Reply } from './cgminer.ts'
import { averageHs, elapsed } from './figures.ts'
import type { AsicMachine } from './machine.ts'

/** Hashboards of an Avalon 841; the module's own figures are for all of them together. */
const HASHBOARDS = 4

/**
 * `stats` of Avalon 7 to 9 modules behind an AUC: `MM ID1` to `MM IDn`, which list no boards and no watts. Source: Foreman's prospector,
 * mn.foreman.prospector.avalon.Avalon8XXITest (cgminer 4.10.0).
 */
export const avalon8Stats = (machine: AsicMachine): Reply => ({
  STATS: 0,
  ID: 'AV80',
  Elapsed: elapsed(machine),
  Calls: 0,
  Wait: 0,
  Max: 0,
  Min: 99999999,
  ...Object.fromEntries(machine.boards.map((board, i) => [`MM ID${i + 1}`, moduleText(machine, board, i)])),
  'MM Count': machine.boards.length,
  'Smart Speed': 1,
})

function moduleText(machine: AsicMachine, board: Board, i: number): string {
  const { model } = machine
  const each = (value: unknown) => Array.from({ length: HASHBOARDS }, () => value).join(' ')
  const nominalGhs = board.lost ? 0 : model.hashrateHs / model.boards / 1e9
  const pairs: readonly (readonly [string, unknown])[] = [
    ['Ver', model.firmware],
    ['DNA', `${machine.mac.replaceAll(':', '')}${String(i).padStart(4, '0')}`],
    ['Elapsed', elapsed(machine)],
    ['MW', each(Math.floor((board.hashes / 2 ** 32) * 0.0001))],
    ['LW', Math.floor(machine.uptimeS * 10)],
    ['MH', each(0)],
    ['HW', Math.floor(board.hardwareErrors)],
    ['Temp', Math.round(machine.inletTempC)],
    ['TMax', Math.round(board.chipTempC)],
    ['Fan', Math.round(machine.fanRpm)],
    ['FanR', '100%'],
    ['GHSmm', nominalGhs.toFixed(2)],
    ['WU', ((averageHs(machine) * 60) / model.boards / 2 ** 32).toFixed(2)],
    ['Freq', model.frequencyMHz.toFixed(2)],
    ['PG', 15],
    ['Led', 0],
    ['TA', board.lost ? 0 : board.chips.length],
    ['ECHU', each(0)],
    ['ECMM', 0],
    ['FM', 1],
    ['CRC', each(0)],
  ]
  return pairs.map(([key, value]) => `${key}[${String(value)}]`).join(' ')
}
