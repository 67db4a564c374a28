import type { Board } from './board.ts'
import type { Dialect, Reply } from './cgminer.ts'
import { poolRow } from './cgminer-rows.ts'
import { averageHs, mhs, round, ths } from './figures.ts'
import type { AsicMachine } from './machine.ts'
import { powerLimitW, whatsminerErrors, whatsminerTime } from './whatsminer-figures.ts'

/**
 * Stock Whatsminer with API 2.2 (firmware from 2025-10) on TCP 4028. The records of its own commands stand in `Msg`; `devs` gives
 * TH/s in fields named MHS, and nothing tells the difficulty of accepted work.
 */
export const whatsminer22: Dialect = {
  description: () => '',
  encode: (_machine, reply) => JSON.stringify(reply),
  reply(machine, command, nowS) {
    if (command === 'devs' || command === 'edevs')
      return listed(
        'DEVS',
        'ASC',
        machine.boards.map((board) => device(machine, board)),
      )
    if (command === 'pools')
      return listed(
        'POOLS',
        'Pool',
        machine.pools.map((_, i) => pool(machine, i)),
      )
    const own = OWN[command]
    if (own) return { STATUS: 'S', When: nowS, Code: 131, Msg: own(machine, nowS), Description: '' }
    const [Code, Msg] = command === 'devdetails' ? [132, 'This command is deprecated.'] : [14, 'invalid cmd']
    return { STATUS: 'E', When: nowS, Code, Msg, Description: '' }
  },
}

const listed = (section: string, what: string, rows: readonly Reply[]): Reply => ({
  STATUS: [{ STATUS: 'S', Msg: `${rows.length} ${what}(s)` }],
  [section]: rows,
  id: 1,
})

const OWN: Readonly<Record<string, (machine: AsicMachine, nowS: number) => Reply>> = {
  summary,
  get_version: ({ model }) => ({
    api_ver: '2.2.2',
    fw_ver: model.firmware,
    platform: 'H616',
    miner_type: model.name,
  }),
  get_miner_info: ({ mac }) => ({ hostname: 'WhatsMiner', ledstat: 'auto', mac: mac.toUpperCase() }),
  get_error_code: (machine, nowS) => ({
    error_code: whatsminerErrors(machine).map(({ code }) => ({ [code]: whatsminerTime(nowS) })),
  }),
  status: ({ asleep, model }) => ({
    mineroff: String(asleep),
    mineroff_reason: asleep ? 'power_off' : '',
    FirmwareVersion: model.firmware,
  }),
}

function summary(machine: AsicMachine): Reply {
  const fan = Math.round(machine.fanRpm / 30) * 30
  return {
    Elapsed: round(machine.uptimeS, 2),
    'MHS av': mhs(averageHs(machine)),
    'MHS 1m': mhs(machine.averageHs.m1),
    'MHS 15m': mhs(machine.averageHs.m15),
    'HS RT': mhs(machine.averageHs.m1),
    'Fan Speed In': fan,
    'Fan Speed Out': fan + 60,
    Power: round(machine.powerW, 2),
    'Hash Stable': String(machine.hashrateHs > 0 && !machine.warmingUp),
    'Env Temp': round(machine.inletTempC, 1),
    'Power Mode': 'Normal',
    'Factory GHS': Math.round(machine.model.hashrateHs / 1e9),
    'Power Limit': powerLimitW(machine),
    'Chip Temp Max': round(Math.max(...machine.boards.filter((b) => !b.lost).map((b) => b.chipTempC)), 2),
  }
}

const device = (machine: AsicMachine, board: Board): Reply => ({
  Slot: board.index,
  Temperature: round(board.chipTempC - 20, 1),
  'MHS av': ths(board.hashes / Math.max(1, machine.uptimeS)),
  'HS RT': ths(board.hashrateHs),
  'Factory GHS': Math.round(machine.model.hashrateHs / machine.model.boards / 1e9),
  'Upfreq Complete': machine.warmingUp || machine.asleep ? 0 : 1,
  'Effective Chips': board.chipsWorking,
})

function pool(machine: AsicMachine, index: number): Reply {
  const {
    URL,
    Status,
    Priority,
    User,
    Accepted,
    Rejected,
    'Stratum Active': active,
  } = poolRow(machine, index)
  return { POOL: index + 1, URL, Status, Priority, User, Accepted, Rejected, 'Stratum Active': active }
}
