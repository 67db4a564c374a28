import type { Reply } from './cgminer.ts'
import { averageHs, elapsed, hardwareErrors } from './figures.ts'
import type { AsicMachine } from './machine.ts'

const CHAINS = Array.from({ length: 16 }, (_, i) => i + 1)
/** the three boards are chains 6, 7 and 8 of 16 */
const FIRST_CHAIN = 6

/** The S9's `stats`: sixteen chains, three of which exist; hashrates and frequency are texts. */
export function antminerS9Stats(machine: AsicMachine): Reply {
  const { model } = machine
  const board = (chain: number) => {
    const found = machine.boards[chain - FIRST_CHAIN]
    return found && !found.lost ? found : undefined
  }
  const perChain = (name: string, value: (chain: number) => unknown): Reply =>
    Object.fromEntries(CHAINS.map((chain) => [`${name}${chain}`, value(chain)]))
  const alive = machine.boards.filter((b) => !b.lost)
  const pcbC = (chain: number) => Math.round((board(chain)?.chipTempC ?? 15) - 15)
  const averageGhs = averageHs(machine) / 1e9
  return {
    STATS: 0,
    ID: 'BC50',
    Elapsed: elapsed(machine),
    Calls: 0,
    Wait: 0,
    Max: 0,
    Min: 99999999,
    'GHS 5s': (machine.averageHs.s5 / 1e9).toFixed(2),
    'GHS av': Number(averageGhs.toFixed(2)),
    miner_count: alive.length,
    frequency: String(model.frequencyMHz),
    fan_num: model.fans,
    ...Object.fromEntries(
      Array.from({ length: 8 }, (_, i) => [
        `fan${i + 1}`,
        i === 4 || i === 5 ? Math.round(machine.fanRpm / 120) * 120 : 0,
      ]),
    ),
    temp_num: alive.length,
    ...perChain('temp', pcbC),
    ...perChain('temp2_', (chain) => Math.round(board(chain)?.chipTempC ?? 0)),
    ...perChain('temp3_', () => 0),
    ...perChain('freq_avg', (chain) => (board(chain) ? model.frequencyMHz : 0)),
    total_rateideal: model.hashrateHs / 1e9,
    total_freqavg: model.frequencyMHz,
    total_acn: alive.length * model.chipsPerBoard,
    total_rate: Number(averageGhs.toFixed(2)),
    ...perChain('chain_rateideal', (chain) =>
      board(chain) ? Number((model.hashrateHs / model.boards / 1e9).toFixed(2)) : 0,
    ),
    temp_max: Math.max(...CHAINS.map(pcbC)),
    'Device Hardware%': 0,
    no_matching_work: hardwareErrors(machine),
    ...perChain('chain_acn', (chain) => board(chain)?.chips.length ?? 0),
    ...perChain('chain_acs', (chain) => board(chain)?.chipMap(8) ?? ''),
    ...perChain('chain_hw', (chain) => Math.floor(board(chain)?.hardwareErrors ?? 0)),
    ...perChain('chain_rate', (chain) => {
      const found = board(chain)
      return found ? (found.hashrateHs / 1e9).toFixed(2) : ''
    }),
    miner_version: model.firmware,
    miner_id: machine.mac.replaceAll(':', '').padStart(16, '8'),
  }
}
