import { averageHs, elapsed, lastShareAt, round, serialNumber, ths } from './figures.ts'
import type { FramedAnswers } from './framed-server.ts'
import type { AsicMachine } from './machine.ts'
import { powerLimitW, whatsminerErrors, whatsminerTime } from './whatsminer-figures.ts'

/** Stock Whatsminer with API 3. Hashrates are in TH/s, and nothing counts accepted work. */
export const whatsminerV3: FramedAnswers = (machine, cmd, param, nowS) => {
  if (cmd === 'get.device.info') return deviceInfo(machine, nowS)
  if (cmd !== 'get.miner.status') return undefined
  const sections: Record<string, () => unknown> = {
    summary: () => summary(machine),
    edevs: () => boards(machine),
    pools: () => pools(machine, nowS),
  }
  return Object.fromEntries(
    param.split('+').flatMap((name) => {
      const section = sections[name]
      return section ? [[name, section()]] : []
    }),
  )
}

function deviceInfo(machine: AsicMachine, nowS: number): object {
  const { model } = machine
  const errors = whatsminerErrors(machine).map(({ code, reason }) => ({
    [code]: whatsminerTime(nowS),
    reason,
  }))
  return {
    network: { ip: '', proto: 'dhcp', mac: machine.mac.toUpperCase(), hostname: 'WhatsMiner' },
    miner: {
      working: String(!machine.asleep),
      type: model.name,
      'board-num': String(model.boards),
      'pool-strategy': 'FAILOVER',
      'fast-boot': 'disable',
      'miner-sn': serialNumber(machine),
    },
    system: { api: '3.0.2', platform: 'H616', fwversion: model.firmware, apiswitch: '1', ledstatus: 'auto' },
    power: {
      type: 'P221B',
      mode: '1',
      vin: 231,
      pin: Math.round(machine.powerW),
      fanspeed: 6100,
      vendor: '1',
    },
    salt: 'simulate',
    'error-code': errors,
  }
}

function summary(machine: AsicMachine): object {
  const { model, averageHs: window, boards: all } = machine
  const chips = all.filter((b) => !b.lost).map((b) => b.chipTempC)
  const fan = Math.round(machine.fanRpm / 30) * 30
  return {
    elapsed: elapsed(machine),
    'bootup-time': elapsed(machine) + 120,
    'freq-avg': machine.hashrateHs > 0 ? model.frequencyMHz : 0,
    'factory-hash': ths(model.hashrateHs),
    'hash-average': ths(averageHs(machine)),
    'hash-1min': ths(window.m1),
    'hash-15min': ths(window.m15),
    'hash-realtime': ths(window.s5),
    'power-rate': model.efficiencyJPerTh,
    'power-5min': round(machine.powerW, 3),
    'power-realtime': Math.round(machine.powerW),
    'environment-temperature': round(machine.inletTempC, 1),
    'board-temperature': all.map((b) => round(b.chipTempC - 20, 1)),
    'chip-temp-min': round(Math.min(...chips) - 18, 1),
    'chip-temp-avg': round(chips.reduce((a, t) => a + t, 0) / Math.max(1, chips.length) - 7, 1),
    'chip-temp-max': round(Math.max(...chips), 1),
    'power-limit': powerLimitW(machine),
    'up-freq-finish': machine.warmingUp ? 0 : 1,
    'fan-speed-in': fan,
    'fan-speed-out': fan + 30,
  }
}

const boards = (machine: AsicMachine): object[] =>
  machine.boards.map((board) => ({
    id: board.index,
    slot: board.index,
    status: board.lost ? 'dead' : 'alive',
    'hash-average': ths(board.hashes / Math.max(1, machine.uptimeS)),
    'hash-realtime': ths(board.hashrateHs),
    'factory-hash': ths(machine.model.hashrateHs / machine.model.boards),
    freq: board.hashrateHs > 0 ? machine.model.frequencyMHz : 0,
    'effective-chips': board.chipsWorking,
    'chip-temp-min': round(board.chipTempC - 19, 1),
    'chip-temp-avg': round(board.chipTempC - 7, 1),
    'chip-temp-max': round(board.chipTempC, 1),
  }))

const pools = (machine: AsicMachine, nowS: number): object[] =>
  machine.pools.map(({ url, user }, i) => ({
    id: i + 1,
    url,
    status: machine.stratum.isAlive(i) ? 'alive' : 'dead',
    account: user,
    'stratum-active': i === machine.stratum.active,
    'reject-rate': 0.1,
    'last-share-time': i === machine.stratum.active ? lastShareAt(machine, nowS) : 0,
  }))
