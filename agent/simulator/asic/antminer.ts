import { antminerS9Stats } from './antminer-s9.ts'
import type { Board } from './board.ts'
import { cgminerDialect, type Dialect, type Reply, toText } from './cgminer.ts'
import { poolRowInFull, summaryRow, workFields } from './cgminer-rows.ts'
import { averageHs, elapsed, fanRpms, ghs, hardwareErrors, lastShareAt } from './figures.ts'
import type { AsicMachine } from './machine.ts'
import { ASIC_MODELS } from './models.ts'

const TACHOMETER_RPM = 120
const isS9 = (machine: AsicMachine): boolean => machine.model === ASIC_MODELS.s9

/** Stock firmware of S19 and S21 (49.x) and of the S9. It reports no power. */
export const antminer: Dialect = cgminerDialect(
  (machine) => (isS9(machine) ? 'bmminer 1.0.0' : 'cgminer 1.0.0'),
  {
    version: ['VERSION', (machine) => [version(machine)]],
    summary: ['SUMMARY', (machine, nowS) => [summary(machine, nowS)]],
    devs: ['DEVS', (machine, nowS) => [device(machine, nowS)]],
    stats: [
      'STATS',
      (machine) => [identity(machine), isS9(machine) ? antminerS9Stats(machine) : antminerStats(machine)],
    ],
    pools: ['POOLS', (machine) => machine.pools.map((_, i) => pool(machine, i))],
  },
  {
    encode(machine, reply, form, command) {
      if (form === 'text') return `${toText(reply)}\0`
      const json = JSON.stringify(reply)
      // the S9's firmware forgets the comma between the two objects of `stats`
      return `${isS9(machine) && command === 'stats' ? json.replace('},{"STATS"', '}{"STATS"') : json}\0`
    },
  },
)

const identity = ({ model }: AsicMachine): Reply => ({
  BMMiner: model === ASIC_MODELS.s9 ? '2.0.0' : '1.0.0',
  Miner: model.firmware,
  CompileTime: model === ASIC_MODELS.s9 ? 'Mon Mar  5 09:14:22 CST 2018' : 'Thu Mar 16 10:21:07 CST 2023',
  Type: model.name,
})

const version = (machine: AsicMachine): Reply => {
  const { BMMiner, ...rest } = identity(machine)
  return { BMMiner, API: '3.1', ...rest }
}

function summary(machine: AsicMachine, nowS: number): Reply {
  const { averageHs: window } = machine
  return {
    ...summaryRow(machine),
    'GHS 5s': isS9(machine) ? ghs(window.s5).toFixed(2) : ghs(window.s5),
    'GHS av': ghs(averageHs(machine)),
    ...(isS9(machine) ? {} : { 'GHS 30m': ghs(window.m30) }),
    Getwork: Math.floor(machine.uptimeS / 12.8),
    'Last getwork': nowS,
  }
}

/** In stock firmware's `devs` only the shares are filled; hashrate and temperature are always 0. */
function device(machine: AsicMachine, nowS: number): Reply {
  const last = lastShareAt(machine, nowS)
  return {
    ASC: 0,
    Name: 'BTM_SOC',
    ID: 0,
    Enabled: 'Y',
    Status: 'Alive',
    // the firmware's own spelling
    Tenperature: 0,
    'MHS av': 0,
    'MHS 5s': 0,
    ...workFields(machine),
    'Hardware Errors': 0,
    Utility: 0,
    'Last Share Pool': 0,
    'Last Share Time': last,
    'Total MH': 0,
    'Diff1 Work': 0,
    'Last Share Difficulty': last,
    'Last Valid Work': last,
    'Device Hardware%': 0,
    'Device Rejected%': 0,
    'Device Elapsed': elapsed(machine),
  }
}

function pool(machine: AsicMachine, index: number): Reply {
  const mined = index === machine.stratum.active
  const agoS = Math.floor(machine.uptimeS - (machine.shares.lastAtS ?? machine.uptimeS))
  return {
    ...poolRowInFull(machine, index),
    'Last Share Time': mined
      ? `${Math.floor(agoS / 3600)}:${two(Math.floor(agoS / 60) % 60)}:${two(agoS % 60)}`
      : '0',
    Diff: mined ? difficultyText(machine.shareDifficulty) : '',
    // Bitmain's firmware writes the percent sign twice
    'Pool Stale%%': 0,
  }
}

const two = (n: number): string => String(n).padStart(2, '0')
const difficultyText = (difficulty: number): string =>
  difficulty < 1000 ? String(difficulty) : `${Math.floor(difficulty / 1000)}K`

const SLOTS = 4

/** The second object of `stats`; LuxOS answers the same. */
export function antminerStats(machine: AsicMachine): Reply {
  const { model, averageHs: window } = machine
  const alive = machine.boards.filter((b) => !b.lost)
  const perChain = (name: string, absent: unknown, value: (board: Board) => unknown): Reply =>
    Object.fromEntries(
      Array.from({ length: Math.max(SLOTS, machine.boards.length) }, (_, i) => {
        const board = machine.boards[i]
        return [`${name}${i + 1}`, board && !board.lost ? value(board) : absent]
      }),
    )
  /** four sensors of a board: two at the warm end, two at the cool inlet */
  const sensors = (board: Board, below: number) =>
    [0, 21, 3, 5].map((offset) => Math.round(board.chipTempC - below - offset)).join('-')
  const boardC = (i: number) => Math.round((machine.boards[i]?.chipTempC ?? 0) - 5)
  return {
    STATS: 0,
    ID: 'BTM_SOC0',
    Elapsed: elapsed(machine),
    Calls: 0,
    Wait: 0,
    Max: 0,
    Min: 99999999,
    // an S17+ writes its hashrate as a text
    'GHS 5s': model.sleepMode === undefined ? ghs(window.s5) : (window.s5 / 1e9).toFixed(2),
    'GHS av': ghs(averageHs(machine)),
    rate_30m: ghs(window.m30),
    Mode: (machine.asleep && model.sleepMode) || 2,
    miner_count: alive.length,
    frequency: model.frequencyMHz,
    fan_num: model.fans,
    ...Object.fromEntries(
      fanRpms(machine, TACHOMETER_RPM, (i) => (i < 2 ? 1 : 0.86)).map((rpm, i) => [`fan${i + 1}`, rpm]),
    ),
    temp_num: alive.length,
    temp1: boardC(0),
    temp2_1: boardC(0) + 5,
    temp2: boardC(1),
    temp2_2: boardC(1) + 5,
    temp3: boardC(2),
    temp2_3: boardC(2) + 5,
    ...perChain('temp_pcb', '0-0-0-0', (b) => sensors(b, 5)),
    ...perChain('temp_chip', '0-0-0-0', (b) => sensors(b, 0)),
    ...perChain('temp_pic', '0-0-0-0', (b) => sensors(b, 15)),
    ...perChain('freq', 0, () => model.frequencyMHz),
    total_rateideal: ghs(model.hashrateHs),
    rate_unit: 'GH',
    total_freqavg: model.frequencyMHz,
    total_acn: alive.length * model.chipsPerBoard,
    'total rate': ghs(averageHs(machine)),
    temp_max: 0,
    no_matching_work: hardwareErrors(machine),
    ...perChain('chain_acn', 0, (b) => b.chips.length),
    ...perChain('chain_acs', '', (b) => b.chipMap(3)),
    ...perChain('chain_hw', 0, (b) => Math.floor(b.hardwareErrors)),
    ...perChain('chain_rate', '', (b) => (b.hashrateHs / 1e9).toFixed(2)),
    miner_version: model.firmware,
    miner_id: machine.mac.replaceAll(':', '').padStart(16, '8'),
  }
}
