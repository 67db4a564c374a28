import { isNano, nanoSupply } from './avalon-nano.ts'
import type { Board } from './board.ts'
import { averageHs, elapsed, hardwareErrors, ratedW } from './figures.ts'
import type { AsicMachine } from './machine.ts'
import { ASIC_MODELS } from './models.ts'

const each = <T>(list: readonly T[], text: (item: T) => unknown): string => list.map(text).join(' ')
const ghs = (hs: number): string => (hs / 1e9).toFixed(2)

/**
 * The `MM ID0` text of `stats` and `estats`, in pairs `Key[value]`. PS is [error, controller V x 100, board V x 100, board A, board W,
 * set V x 100, wall W], but on a Nano.
 * @param perChip adds a temperature and a voltage for every chip
 */
export function avalonBrackets(machine: AsicMachine, dna: string, perChip: boolean): string {
  const { model, boards } = machine
  const newer = model === ASIC_MODELS.a1566
  const working = boards.filter((b) => !b.lost)
  const chipC = (b: Board) => Math.round(b.chipTempC)
  const perBoard = (value: unknown) => each(boards, () => value)
  const hashing = machine.hashrateHs > 0
  const boardV = newer ? 1187 : 1316
  // the power supply's efficiency is about 94 %
  const dcW = hashing ? machine.powerW * 0.94 : 0
  const rpm = (i: number) => Math.round(machine.fanRpm * (1 - 0.006 * i))
  const frequencies = [-30, -10, 10, 30].map((d) => model.frequencyMHz + d).join(' ')
  const optionSets = newer ? [0, 1, 2] : [0, 1]
  const pairs: [string, unknown][] = [
    ['Ver', `${model.name}-${model.firmware}`],
    ['DNA', dna],
    ['MEMFREE', newer ? '1392832.1381104' : '1201472.0'],
    ['NETFAIL', '0 0 0 0 0 0 0 0'],
    ['SYSTEMSTATU', `Work: ${machine.asleep ? 'In Idle' : 'In Work'}, Hash Board: ${working.length} `],
    ['Elapsed', elapsed(machine)],
    ['BOOTBY', '0x04.00000000'],
    ['LW', Math.floor(machine.uptimeS * 980)],
    ['MH', each(boards, (b) => Math.floor(b.hardwareErrors))],
    ...(newer ? ([['DHW', 0]] as [string, unknown][]) : []),
    ['HW', hardwareErrors(machine)],
    ['DH', '1.299%'],
    ['Temp', Math.round(machine.inletTempC)],
    ['TMax', Math.max(...working.map(chipC), 0)],
    ['TAvg', Math.max(...working.map(chipC), 8) - 8],
    ...Array.from({ length: model.fans }, (_, i): [string, unknown] => [`Fan${i + 1}`, rpm(i)]),
    ['FanR', `${Math.min(100, Math.round(machine.fanRpm / 70))}%`],
    ['Vo', newer ? 296 : 329],
    [
      'PS',
      isNano(machine)
        ? nanoSupply(machine)
        : `0 1212 ${boardV} ${Math.round((dcW / boardV) * 100)} ${Math.round(dcW)} ${boardV + 4} ${Math.round(machine.powerW)}`,
    ],
    ...(newer ? ([['WALLPOWER', Math.round(machine.powerW)]] as [string, unknown][]) : []),
    ...boards.map((_, i): [string, unknown] => [`PLL${i}`, '1801 4520 5431 2160']),
    ['GHSspd', ghs(machine.averageHs.s5)],
    ['DHspd', '1.299%'],
    ['GHSmm', ghs(hashing ? model.hashrateHs * 1.01 : 0)],
    ['GHSavg', ghs(averageHs(machine))],
    ['WU', ((averageHs(machine) * 60) / 2 ** 32).toFixed(2)],
    ['Freq', model.frequencyMHz.toFixed(2)],
    ['Led', 0],
    ['MGHS', each(boards, (b) => ghs(b.hashrateHs))],
    ['MTmax', each(boards, (b) => (b.lost ? 0 : chipC(b)))],
    ['MTavg', each(boards, (b) => (b.lost ? 0 : chipC(b) - 8))],
    ...(newer ? ([['MVavg', perBoard('285.9')]] as [string, unknown][]) : []),
    ['TA', working.reduce((n, b) => n + b.chips.length, 0)],
    ['Core', newer ? 'A3197S' : 'A3201'],
    ['PING', 41],
    ['POWS', 0],
    ...(newer ? ([['EEPROM', perBoard(160)]] as [string, unknown][]) : []),
    ['HASHS', perBoard(0)],
    ['POOLS', 0],
    ['SoftOFF', machine.asleep ? 1 : 0],
    // error bits of each board: 512 is "no chips answer"
    ['ECHU', each(boards, (b) => (b.lost ? 512 : 0))],
    ['ECMM', 0],
    ...boards.map((_, i): [string, unknown] => [`SF${i}`, frequencies]),
    ...(perChip
      ? [
          ...chipLists(boards, 'PVT_T', temperature),
          ...chipLists(boards, 'PVT_V', voltage(newer ? 286 : 306)),
        ]
      : []),
    ['MW', each(boards, (b) => Math.floor((b.hashes / 2 ** 32) * 0.0001))],
    ...(perChip ? chipLists(boards, 'MW', (b, i) => (b.chips[i] ? 600 + ((i * 37) % 90) : 0)) : []),
    ...(newer || !perChip ? [] : chipLists(boards, 'ASICCRC', () => 0)),
    ['CRC', perBoard(0)],
    newer ? ['COMCRC', perBoard(0)] : ['POW_I2C', 'OK'],
    ...optionSets.map((i): [string, unknown] => [`FACOPTS${i}`, '']),
    ...optionSets.map((i): [string, unknown] => [
      `ATAOPTS${i}`,
      `--avalon10-freq ${frequencies.replaceAll(' ', ':')} --avalon10-voltage-level ${boardV}`,
    ]),
    ['ADJ', 1],
    ['COP', perBoard(0)],
    // target power, not measured
    ['MPO', Math.round(ratedW(machine) * 0.94)],
    ['MVL', 87],
    ...boards.map((_, i): [string, unknown] => [`ATABD${i}`, frequencies]),
    ['WORKMODE', 1],
  ]
  return pairs.map(([key, value]) => `${key}[${String(value)}]`).join(' ')
}

const chipLists = (
  boards: readonly Board[],
  name: string,
  value: (board: Board, chip: number) => number,
): [string, string][] =>
  boards.map((b, i) => [
    `${name}${i}`,
    b.chips.map((_, chip) => String(value(b, chip)).padStart(3)).join(' '),
  ])

/** Chips differ by place: the hottest one has the board's temperature, the others up to 15 C less. A dead chip reads 0. */
const temperature = (board: Board, chip: number): number =>
  board.lost || !board.chips[chip] ? 0 : Math.round(board.chipTempC - ((chip * 7) % 16))
const voltage = (centre: number) => (board: Board, chip: number) =>
  board.lost || !board.chips[chip] ? 0 : centre + ((chip * 5) % 13) - 6
