import type { Board } from './board.ts'
import {
  averageHs,
  blockHeight,
  type Dialect,
  elapsed,
  hardwareErrors,
  hostOf,
  lastShareAt,
  poolStatus,
  type Reply,
  rejectedPercent,
  round,
  sectionReply,
  shareFields,
  toText,
  utility,
} from './cgminer.ts'
import type { AsicMachine } from './machine.ts'
import { ASIC_MODELS } from './models.ts'

/** Firmware of 2023 answers API 2; the older says its API's version in every Description. */
const isV2 = (machine: AsicMachine): boolean => machine.model === ASIC_MODELS.m50s
const mhs = (hs: number): number => round(hs / 1e6, 2)

/** Stock Whatsminer, API v1.4 (M30S++) and v2.0 (M50S) on TCP 4028; reads need no token. */
export const whatsminer: Dialect = {
  description: () => 'cgminer 4.9.2',

  reply(machine, command, nowS) {
    const section = (name: string, items: Reply[], code: number, message: string) =>
      sectionReply(name, items, { code, message, description: 'cgminer 4.9.2', nowS })
    const own = (message: Reply): Reply => ({
      STATUS: 'S',
      When: nowS,
      Code: 131,
      Msg: message,
      Description: isV2(machine) ? '' : 'whatsminer v1.4.0',
    })
    if (command === 'summary') return section('SUMMARY', [summary(machine)], 11, 'Summary')
    if (command === 'devs' || command === 'edevs')
      return section(
        'DEVS',
        machine.boards.map((board) => device(machine, board, nowS)),
        9,
        `${machine.boards.length} ASC(s)`,
      )
    if (command === 'pools')
      return section(
        'POOLS',
        machine.pools.map((_, i) => pool(machine, i, nowS)),
        7,
        `${machine.pools.length} Pool(s)`,
      )
    if (command === 'get_version')
      return own({
        api_ver: isV2(machine) ? '2.0.5' : 'whatsminer v1.4.0',
        fw_ver: machine.model.firmware,
        ...(isV2(machine) ? { platform: 'H616' } : {}),
      })
    if (command === 'get_psu') return own(powerSupply(machine))
    if (command === 'status') return own(status(machine))
    if (command === 'get_error_code')
      return own({
        error_code: errorCodes(machine).map((code) => ({
          [code]: new Date(nowS * 1000).toISOString().slice(0, 19).replace('T', ' '),
        })),
      })
    if (command === 'get_miner_info')
      return own({ hostname: 'WhatsMiner', ledstat: 'auto', mac: machine.mac.toUpperCase() })
    // the firmware's own program says who it is here and nowhere else
    if (command === 'version')
      return section('VERSION', [{ CGMiner: 'btminer 4.9.2', API: '3.7' }], 22, 'CGMiner versions')
    if (command === 'devdetails')
      return section(
        'DEVDETAILS',
        machine.boards.map((b) => ({
          DEVDETAILS: b.index,
          Name: 'SM',
          ID: b.index,
          Driver: 'bitmicro',
          Kernel: '',
          Model: machine.model.name,
        })),
        69,
        'Device Details',
      )
    return undefined
  },

  // no NUL: the machine closes the connection
  encode: (_machine, reply, form) => (form === 'text' ? toText(reply) : JSON.stringify(reply)),
}

/** MicroBT's codes: 35x a hashboard too hot, 54x a hashboard whose chips don't answer. */
const errorCodes = (machine: AsicMachine): number[] =>
  machine.boards.flatMap((b) => [
    ...(b.lost ? [540 + b.index] : []),
    ...(b.chipTempC > 98 ? [350 + b.index] : []),
  ])

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

const powerLimitW = ({ model }: AsicMachine): number =>
  Math.ceil(((model.hashrateHs / 1e12) * model.efficiencyJPerTh * 1.05) / 100) * 100

/** Hashrates of the whole machine or of one board, in MH/s, over each of the firmware's windows. */
const rates = (machine: AsicMachine, part: number): Reply => ({
  'MHS av': mhs(averageHs(machine) * part),
  'MHS 5s': mhs(machine.averageHs.s5 * part),
  'MHS 1m': mhs(machine.averageHs.m1 * part),
  'MHS 5m': mhs(machine.averageHs.m5 * part),
  'MHS 15m': mhs(machine.averageHs.m15 * part),
})

function summary(machine: AsicMachine): Reply {
  const { model, shares, boards } = machine
  const fan = Math.round(machine.fanRpm / 30) * 30
  const chips = boards.filter((b) => !b.lost).map((b) => b.chipTempC)
  const errors = errorCodes(machine)
  const running = machine.hashrateHs > 0
  return {
    Elapsed: elapsed(machine),
    ...rates(machine, 1),
    'HS RT': mhs(machine.averageHs.m1),
    'Found Blocks': 0,
    Getworks: Math.floor(machine.uptimeS / 10.7),
    Accepted: shares.accepted,
    Rejected: shares.rejected,
    'Hardware Errors': hardwareErrors(machine),
    ...utility(machine),
    Discarded: Math.floor(machine.uptimeS * 60.4),
    Stale: 0,
    'Get Failures': 0,
    'Local Work': Math.floor(machine.uptimeS * 7844),
    'Remote Failures': 0,
    'Network Blocks': Math.floor(machine.uptimeS / 600),
    'Total MH': round(machine.hashes / 1e6, 0),
    'Difficulty Accepted': shares.difficultyAccepted,
    'Difficulty Rejected': shares.difficultyRejected,
    'Difficulty Stale': 0,
    'Best Share': shares.best,
    Temperature: round(Math.max(...chips, 0) - 20, 1),
    freq_avg: running ? model.frequencyMHz : 0,
    'Fan Speed In': fan,
    'Fan Speed Out': fan + 30,
    Voltage: running ? 1180 : 0,
    Power: Math.round(machine.powerW),
    Power_RT: Math.round(machine.powerW),
    'Device Hardware%': 0.011,
    'Device Rejected%': 0,
    'Pool Rejected%': rejectedPercent(machine),
    'Pool Stale%': 0,
    'Last getwork': 0,
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
    Status: board.lost ? 'Dead' : 'Alive',
    Temperature: round(board.chipTempC - 20, 1),
    'Chip Frequency': part > 0 ? model.frequencyMHz + board.index : 0,
    Frequency: part > 0 ? model.frequencyMHz + board.index : 0,
    'Fan Speed In': fan,
    'Fan Speed Out': fan + 30,
    ...rates(machine, part),
    'MHS av': mhs(board.hashes / Math.max(1, machine.uptimeS)),
    Accepted: share(shares.accepted),
    Rejected: share(shares.rejected),
    'Hardware Errors': Math.floor(board.hardwareErrors),
    Utility: round(utility(machine).Utility / boards.length, 2),
    'Last Share Pool': 0,
    'Last Share Time': last,
    'Total MH': round(board.hashes / 1e6, 0),
    'Diff1 Work': share(shares.difficultyAccepted / 256),
    'Difficulty Accepted': share(shares.difficultyAccepted),
    'Difficulty Rejected': share(shares.difficultyRejected),
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

function pool(machine: AsicMachine, index: number, nowS: number): Reply {
  const account = machine.pools[index] ?? machine.pools[0]
  const mined = index === machine.stratum.active
  return {
    POOL: index + 1,
    URL: account.url,
    Status: poolStatus(machine, index),
    Priority: index,
    Quota: 1,
    'Long Poll': 'N',
    Getworks: mined ? Math.floor(machine.uptimeS / 10.7) : 0,
    Works: mined ? Math.floor(machine.uptimeS * 7973) : 0,
    Discarded: mined ? Math.floor(machine.uptimeS * 60.4) : 0,
    Stale: 0,
    'Get Failures': 0,
    'Remote Failures': 0,
    User: account.user,
    'Last Share Time': mined ? lastShareAt(machine, nowS) : 0,
    'Diff1 Shares': Math.floor(machine.stratum.sharesOf(index).difficultyAccepted / 253),
    'Proxy Type': '',
    Proxy: '',
    ...shareFields(machine, index),
    'Work Difficulty': 0,
    'Has Stratum': true,
    'Stratum Active': mined,
    'Stratum URL': hostOf(account),
    'Stratum Difficulty': mined ? machine.shareDifficulty : 0,
    'Has GBT': false,
    'Pool Stale%': 0,
    'Bad Work': 0,
    'Current Block Height': mined ? blockHeight(nowS) : 0,
    'Current Block Version': mined ? 536870912 : 0,
  }
}
