import type { Board } from './board.ts'
import { cgminerDialect, type Dialect, type Reply, toText } from './cgminer.ts'
import { poolRow411, rateFields, summaryRow, utility, workFields } from './cgminer-rows.ts'
import { elapsed, lastShareAt, mhs, round } from './figures.ts'
import type { AsicMachine } from './machine.ts'
import { ASIC_MODELS } from './models.ts'
import { powerLimitW, whatsminerErrors, whatsminerTime } from './whatsminer-figures.ts'

/** Firmware of 2023 speaks API 2; older firmware writes its API's version in every Description. */
const isV2 = (machine: AsicMachine): boolean => machine.model === ASIC_MODELS.m50s

/** API 1 answers one request only, once the machine was powered off: its miner program, which answers the others, is gone. */
const isOff = (machine: AsicMachine): boolean => machine.asleep && !isV2(machine)

const devices = (machine: AsicMachine, nowS: number): Reply[] =>
  machine.boards.map((board) => device(machine, board, nowS))

const cgminer = cgminerDialect(
  () => 'cgminer 4.9.2',
  {
    summary: ['SUMMARY', (machine) => [summary(machine)]],
    devs: ['DEVS', devices],
    edevs: ['DEVS', devices],
    pools: ['POOLS', (machine, nowS) => machine.pools.map((_, i) => pool(machine, i, nowS))],
    // only here does the firmware name its own program
    version: ['VERSION', () => [{ CGMiner: 'btminer 4.9.2', API: '3.7' }]],
    devdetails: [
      'DEVDETAILS',
      (machine) =>
        machine.boards.map((b) => ({
          DEVDETAILS: b.index,
          Name: 'SM',
          ID: b.index,
          Driver: 'bitmicro',
          Kernel: '',
          Model: machine.model.name,
        })),
    ],
  },
  // no NUL: the machine closes the connection
  { encode: (_machine, reply, form) => (form === 'text' ? toText(reply) : JSON.stringify(reply)) },
)

/** MicroBT's own commands, answered in `Msg`. */
const OWN: Readonly<Record<string, (machine: AsicMachine, nowS: number) => Reply>> = {
  get_version: (machine) => ({
    api_ver: isV2(machine) ? '2.0.5' : 'whatsminer v1.4.0',
    fw_ver: machine.model.firmware,
    ...(isV2(machine) ? { platform: 'H616' } : {}),
  }),
  get_psu: (machine) => powerSupply(machine),
  status: (machine) => status(machine),
  get_error_code: (machine, nowS) => ({
    error_code: errorCodes(machine).map((code) => ({
      [code]: whatsminerTime(nowS),
    })),
  }),
  get_miner_info: (machine) => ({ hostname: 'WhatsMiner', ledstat: 'auto', mac: machine.mac.toUpperCase() }),
}

/** Stock Whatsminer, API v1.4 (M30S++) and v2.0 (M50S) on TCP 4028. Reading needs no token. */
export const whatsminer: Dialect = {
  ...cgminer,
  reply(machine, command, nowS) {
    if (isOff(machine) && command !== 'status')
      return { STATUS: 'E', When: nowS, Code: 14, Msg: 'invalid cmd', Description: 'whatsminer v1.4.0' }
    if (!Object.hasOwn(OWN, command)) return cgminer.reply(machine, command, nowS)
    return {
      STATUS: 'S',
      When: nowS,
      Code: 131,
      Msg: OWN[command]?.(machine, nowS),
      Description: isV2(machine) ? '' : 'whatsminer v1.4.0',
    }
  },
}

const errorCodes = (machine: AsicMachine): number[] => whatsminerErrors(machine).map(({ code }) => code)

const powerSupply = (machine: AsicMachine): Reply =>
  isV2(machine)
    ? { name: 'P222B', hw_version: '', sw_version: '230411.220512', model: 'P222B', fan_speed: '6000' }
    : { name: 'P21', hw_version: '', sw_version: '102220.011', model: 'P21-12-3600-E' }

const status = (machine: AsicMachine): Reply =>
  isV2(machine)
    ? {
        mineroff: String(machine.asleep),
        mineroff_reason: machine.asleep ? 'power_off' : '',
        mineroff_time: '',
        FirmwareVersion: machine.model.firmware,
        power_mode: 'normal',
        hash_percent: '0',
        power_limit_set: String(powerLimitW(machine)),
      }
    : { btmineroff: String(machine.asleep), 'Firmware Version': `'${machine.model.firmware}'` }

function summary(machine: AsicMachine): Reply {
  const { model, boards } = machine
  const fan = Math.round(machine.fanRpm / 30) * 30
  const chips = boards.filter((b) => !b.lost).map((b) => b.chipTempC)
  const errors = errorCodes(machine)
  const running = machine.hashrateHs > 0
  return {
    ...summaryRow(machine),
    ...rateFields(machine, '5s'),
    'HS RT': mhs(machine.averageHs.m1),
    Getworks: Math.floor(machine.uptimeS / 10.7),
    Temperature: round(Math.max(...chips, 0) - 20, 1),
    freq_avg: running ? model.frequencyMHz : 0,
    'Fan Speed In': fan,
    'Fan Speed Out': fan + 30,
    Voltage: running ? 1180 : 0,
    Power: Math.round(machine.powerW),
    Power_RT: Math.round(machine.powerW),
    'Device Hardware%': 0.011,
    Uptime: elapsed(machine) + 520,
    'Power Current': Math.round(machine.powerW / 13.1),
    'Power Fanspeed': 9060,
    'Power Limit': powerLimitW(machine),
    'Power Mode': 'Normal',
    'Error Code Count': errors.length,
    ...Object.fromEntries(errors.map((code, i) => [`Error Code ${i}`, code])),
    'Factory Error Code Count': 0,
    'Security Mode': 0,
    'Liquid Cooling': false,
    'Hash Stable': running && !machine.warmingUp,
    'Hash Stable Cost Seconds': 1480,
    'Hash Deviation%': 0.1,
    'Target Freq': model.frequencyMHz - 15,
    'Target MHS': Math.round((model.hashrateHs * 0.97) / 1e6),
    'Env Temp': round(machine.inletTempC, 1),
    'Factory GHS': Math.round(model.hashrateHs / 1e9),
    MAC: machine.mac.toUpperCase(),
    'CB Platform': isV2(machine) ? 'H616' : 'ALLWINNER_H3',
    'CB Version': isV2(machine) ? 'V10' : 'V8',
    'Chip Data': 'HP5B02-21081503   BINV05-192102C',
    'Chip Temp Min': round(Math.min(...chips) - 18, 2),
    'Chip Temp Max': round(Math.max(...chips), 2),
    'Chip Temp Avg': round(chips.reduce((a, t) => a + t, 0) / Math.max(1, chips.length) - 7, 2),
    'Firmware Version': `'${model.firmware}'`,
  }
}

function device(machine: AsicMachine, board: Board, nowS: number): Reply {
  const { model, shares, boards } = machine
  const part = machine.hashrateHs > 0 ? board.hashrateHs / machine.hashrateHs : 0
  const share = (all: number) => Math.floor(all / boards.length)
  const fan = Math.round(machine.fanRpm / 30) * 30
  const last = lastShareAt(machine, nowS)
  return {
    ASC: board.index,
    Name: 'SM',
    ID: board.index,
    Slot: board.index,
    Enabled: 'Y',
    Status: statusOf(machine, board),
    Temperature: round(board.chipTempC - 20, 1),
    'Chip Frequency': part > 0 ? model.frequencyMHz + board.index : 0,
    Frequency: part > 0 ? model.frequencyMHz + board.index : 0,
    'Fan Speed In': fan,
    'Fan Speed Out': fan + 30,
    ...rateFields(machine, '5s', part),
    'MHS av': mhs(board.hashes / Math.max(1, machine.uptimeS)),
    ...Object.fromEntries(
      Object.entries(workFields(machine)).map(([name, all]) => [name, share(Number(all))]),
    ),
    'Hardware Errors': Math.floor(board.hardwareErrors),
    Utility: round(utility(machine).Utility / boards.length, 2),
    'Last Share Pool': 0,
    'Last Share Time': last,
    'Total MH': round(board.hashes / 1e6, 0),
    'Diff1 Work': share(shares.difficultyAccepted / 256),
    'Last Share Difficulty': last === 0 ? 0 : machine.shareDifficulty,
    'Last Valid Work': nowS,
    'Device Hardware%': 0.01,
    'Device Rejected%': 0,
    'Device Elapsed': elapsed(machine),
    'Upfreq Complete': machine.warmingUp || machine.asleep ? 0 : 1,
    'Effective Chips': board.chipsWorking,
    'PCB SN': `H5M02S${machine.mac.replaceAll(':', '').slice(-6).toUpperCase()}K1000${board.index}`,
    'Chip Temp Min': round(board.chipTempC - 19, 2),
    'Chip Temp Max': round(board.chipTempC, 2),
    'Chip Temp Avg': round(board.chipTempC - 7, 2),
    'Factory GHS': Math.round(model.hashrateHs / model.boards / 1e9),
  }
}

/** cgminer's words; a board is initialised before its first hash. */
function statusOf(machine: AsicMachine, board: Board): string {
  if (board.lost) return 'Dead'
  return machine.warmingUp && machine.hashrateHs === 0 ? 'Initialising' : 'Alive'
}

const pool = (machine: AsicMachine, index: number, nowS: number): Reply => ({
  ...poolRow411(machine, index, lastShareAt(machine, nowS), nowS),
  POOL: index + 1,
})
