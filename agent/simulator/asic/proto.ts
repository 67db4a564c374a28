import type { Board } from './board.ts'
import { averageHs, elapsed, fanRpms, ghs, ratedW, round, serialNumber, ths } from './figures.ts'
import type { AsicMachine } from './machine.ts'
import type { WebPages } from './web-server.ts'

const API = '/api/v1/'

/** A Proto Rig (ProtoOS), by its published API. Reading its JSON pages needs no login. */
export const proto: WebPages = {
  title: 'ProtoOS',
  page(machine, path) {
    const pages: Readonly<Record<string, () => unknown>> = {
      system: () => ({ 'system-info': system(machine) }),
      network: () => ({
        'network-info': { dhcp: true, hostname: machine.id, mac: machine.mac.toUpperCase() },
      }),
      hardware: () => ({ 'hardware-info': hardware(machine) }),
      mining: () => ({ 'mining-status': mining(machine) }),
      telemetry: () => telemetry(machine),
      cooling: () => ({ 'cooling-status': cooling(machine) }),
      errors: () => errors(machine),
      pools: () => ({ pools: pools(machine) }),
    }
    const name = path.startsWith(API) ? path.slice(API.length) : ''
    return Object.hasOwn(pages, name) ? pages[name]?.() : undefined
  },
}

const boardSerial = (machine: AsicMachine, { index }: Board): string => `${serialNumber(machine)}-${index}`

const system = (machine: AsicMachine): object => ({
  board: 'C3',
  cb_sn: serialNumber(machine),
  manufacturer: 'Proto',
  model: 'Rig',
  product_name: machine.model.name,
  os: { name: 'ProtoOS', version: machine.model.firmware, variant: 'release' },
  uptime_seconds: elapsed(machine) + 20,
})

/** Slots count from 1, while telemetry counts boards from 0. */
const hardware = (machine: AsicMachine): object => ({
  'cb-info': { board_id: 'CB-1', machine_name: 'Rig', serial_number: serialNumber(machine) },
  'hashboards-info': machine.boards.map((board) => ({
    board: 'B4',
    hb_sn: boardSerial(machine, board),
    mining_asic: 'MC2',
    mining_asic_count: board.chips.length,
    port: board.index,
    slot: board.index + 1,
  })),
})

const mining = (machine: AsicMachine): object => ({
  status: machine.asleep ? 'Stopped' : machine.warmingUp ? 'PoweringOn' : 'Mining',
  hashrate_ghs: ghs(machine.averageHs.s5),
  average_hashrate_ghs: ghs(averageHs(machine)),
  ideal_hashrate_ghs: ghs(machine.model.hashrateHs),
  average_asic_temp_c: round(machine.hottestChipC - 4, 2),
  hashboards_installed: machine.boards.length,
  hashboards_mining: machine.boards.filter((b) => b.hashrateHs > 0).length,
  hw_errors: 0,
  mining_uptime_s: elapsed(machine),
  reboot_uptime_s: elapsed(machine) + 20,
  power_target_watts: ratedW(machine),
  power_usage_watts: round(machine.powerW * 0.95, 2),
})

function telemetry(machine: AsicMachine): object {
  const { boards, powerW, inletTempC } = machine
  const metric = (unit: string, value: number) => ({ unit, value })
  return {
    hashboards: boards.map((board) => ({
      index: board.index,
      serial_number: boardSerial(machine, board),
      hashrate: metric('TH/s', ths(board.hashrateHs)),
      power: metric('W', round((powerW * 0.95) / boards.length, 2)),
      temperature: {
        inlet: round(inletTempC + 12, 2),
        outlet: round(board.chipTempC - 12, 2),
        average: round((inletTempC + board.chipTempC) / 2, 2),
        unit: '°C',
      },
    })),
    psus: [0, 1].map((index) => ({
      index,
      power: { unit: 'W', input: round(powerW / 2, 2), output: round((powerW / 2) * 0.95, 2) },
      temperature: { unit: '°C', ambient: round(inletTempC, 1), average: round(inletTempC + 9, 1) },
    })),
  }
}

const cooling = (machine: AsicMachine): object => ({
  fan_mode: 'Auto',
  fans: fanRpms(machine).map((rpm, i) => ({ slot: i + 1, rpm, speed_percentage: 60 })),
  target_temperature_c: 50,
})

const errors = ({ boards }: AsicMachine): object[] =>
  boards
    .filter((b) => b.lost)
    .map(({ index }) => ({
      error_code: 'HashboardNotResponding',
      message: `hashboard in slot ${index + 1} does not respond`,
    }))

const pools = ({ pools: accounts, stratum, shareDifficulty }: AsicMachine): object[] =>
  accounts.map(({ url, user }, i) => {
    const shares = stratum.sharesOf(i)
    const active = i === stratum.active
    return {
      id: i,
      priority: i,
      url,
      user,
      status: !stratum.isAlive(i) ? 'Dead' : active ? 'Active' : 'Idle',
      accepted: shares.accepted,
      rejected: shares.rejected,
      current_difficulty: active ? shareDifficulty : 0,
      difficulty_accepted_shares: shares.difficultyAccepted,
      difficulty_rejected_shares: shares.difficultyRejected,
    }
  })
