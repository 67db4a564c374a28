import { cgminerDialect, type Dialect, type Reply } from './cgminer.ts'
import { poolRow, workFields } from './cgminer-rows.ts'
import { averageHs, elapsed, fanRpms, ghs, round } from './figures.ts'
import type { AsicMachine } from './machine.ts'
import { DEV_FEE } from './stratum.ts'
import type { WebPages } from './web-server.ts'

const perChain = (machine: AsicMachine, name: string, value: (chain: number) => unknown): Reply =>
  Object.fromEntries(machine.boards.map((b) => [`${name}${b.index + 1}`, value(b.index)]))

/** VNish on an Antminer. It names itself only in `stats`, and lists its maker's pool among the pools. */
export const vnish: Dialect = cgminerDialect(() => 'cgminer 4.11.1', {
  summary: ['SUMMARY', (machine) => [summary(machine)]],
  stats: ['STATS', (machine) => [identity(machine), stats(machine)]],
  pools: ['POOLS', (machine) => pools(machine)],
})

const identity = ({ model }: AsicMachine): Reply => ({
  // resellers put their own name here
  Type: `${model.name} (${model.soldAs ?? 'Vnish'} ${model.firmware})`,
  Miner: '0.0.0',
  Cgminer: model.firmware,
  CompileTime: '2025-12-22 19:12:30',
})

const summary = (machine: AsicMachine): Reply => ({
  Elapsed: elapsed(machine),
  // this firmware writes a text here
  'GHS 5s': ghs(machine.averageHs.s5).toFixed(2),
  'GHS av': ghs(averageHs(machine)),
  ...workFields(machine),
  'Fee Percent': round((machine.model.devFeeRatio ?? 0) * 100, 2),
})

const stateOf = (machine: AsicMachine): string =>
  machine.asleep ? 'stopped' : machine.warmingUp ? 'starting' : machine.tuning ? 'auto-tuning' : 'mining'

function stats(machine: AsicMachine): Reply {
  const { model, boards } = machine
  const chain =
    <T>(value: (board: (typeof boards)[number]) => T) =>
    (index: number) => {
      const board = boards[index]
      return board && !board.lost ? value(board) : 0
    }
  const part = 1 / boards.length
  return {
    Elapsed: elapsed(machine),
    'GHS 5s': ghs(machine.averageHs.s5).toFixed(2),
    'GHS av': ghs(averageHs(machine)),
    fan_num: model.fans,
    ...Object.fromEntries(fanRpms(machine).map((rpm, i) => [`fan${i + 1}`, rpm])),
    state: stateOf(machine),
    total_rate: ghs(machine.averageHs.s5),
    total_rateideal: ghs(model.hashrateHs),
    // a failed chain stays in the list, with the number of chips found at the start
    ...perChain(machine, 'chain_acn', () => model.chipsPerBoard),
    ...perChain(
      machine,
      'chain_rate',
      chain((b) => ghs(b.hashrateHs)),
    ),
    ...perChain(machine, 'chain_rateideal', () => ghs(model.hashrateHs * part)),
    ...perChain(machine, 'chain_state', (i) => (boards[i]?.lost ? 'failure' : 'mining')),
    ...perChain(machine, 'chain_fault', () => ''),
    ...perChain(
      machine,
      'chain_consumption',
      chain(() => Math.round(machine.powerW * part)),
    ),
    ...perChain(
      machine,
      'temp_pcb',
      chain((b) => `${Math.round(b.chipTempC - 38)}-${Math.round(b.chipTempC - 15)}`),
    ),
    ...perChain(
      machine,
      'temp_chip',
      chain((b) => `${Math.round(b.chipTempC - 22)}-${Math.round(b.chipTempC)}`),
    ),
  }
}

const bare = (url: string): string => url.replace(/^.*:\/\//, '')

function pools(machine: AsicMachine): Reply[] {
  const fee = machine.stratum.feeShares
  const own = machine.pools.map(({ url }, i) => ({ ...poolRow(machine, i), URL: bare(url) }))
  if (!fee) return own
  return [
    ...own,
    {
      POOL: own.length,
      URL: DEV_FEE,
      User: DEV_FEE,
      Status: 'Alive',
      Priority: own.length,
      'Stratum Active': true,
      Accepted: fee.accepted,
      Rejected: fee.rejected,
      'Difficulty Accepted': fee.difficultyAccepted,
      'Difficulty Rejected': fee.difficultyRejected,
    },
  ]
}

/** The web interface, behind a password: the machine's identity, and that its power supply measures the power. */
export const vnishPages: WebPages = {
  title: 'AnthillOS',
  login: { path: '/api/v1/unlock' },
  page(machine, path) {
    if (path === '/api/v1/info')
      return {
        miner: machine.model.name,
        fw_name: 'Vnish',
        fw_version: machine.model.firmware,
        algorithm: 'sha256d',
        system: { network_status: { mac: machine.mac.toUpperCase(), hostname: machine.id } },
      }
    return path === '/api/v1/summary' ? { miner: webSummary(machine) } : undefined
  },
}

function webSummary(machine: AsicMachine): object {
  const { model, boards } = machine
  return {
    miner_status: { miner_state: stateOf(machine) },
    miner_type: `${model.name} (${model.soldAs ?? 'Vnish'} ${model.firmware})`,
    hr_realtime: ghs(machine.averageHs.s5),
    hr_nominal: ghs(model.hashrateHs),
    hr_average: ghs(averageHs(machine)),
    power_consumption: Math.round(machine.powerW),
    devfee_percent: round((model.devFeeRatio ?? 0) * 100, 2),
    pools: pools(machine).map((row, id) => ({
      id,
      url: row['URL'],
      user: row['User'],
      status: row['Status'] === 'Dead' ? 'offline' : row['Stratum Active'] ? 'active' : 'working',
      accepted: row['Accepted'],
      rejected: row['Rejected'],
      diffa: row['Difficulty Accepted'],
    })),
    cooling: { fans: fanRpms(machine).map((rpm, id) => ({ id, rpm })) },
    chains: boards.map((b) => ({
      id: b.index + 1,
      hashrate_rt: ghs(b.hashrateHs),
      pcb_temp: { min: Math.round(b.chipTempC - 38), max: Math.round(b.chipTempC - 15) },
      chip_temp: { min: Math.round(b.chipTempC - 22), max: Math.round(b.chipTempC) },
      chip_statuses: { red: b.chips.length - b.chipsWorking, orange: 0, grey: b.chipsWorking },
      status: { state: b.lost ? 'failure' : 'mining' },
    })),
    psu: { psu_power_metering: true },
  }
}
