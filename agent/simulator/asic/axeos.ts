import { averageHs, elapsed, ghs, round } from './figures.ts'
import type { AsicMachine } from './machine.ts'
import type { WebPages } from './web-server.ts'

/** small cores of a BM1370 */
const SMALL_CORES = 2040
/** loss of the plug-in power supply, which the board doesn't measure */
const SUPPLY_LOSS_W = 1

/** A Bitaxe: one board with one chip, a pool and a fallback pool. */
export const axeos: WebPages = {
  page(machine, path) {
    if (path === '/api/system/info') return info(machine)
    if (path === '/api/system/asic')
      return {
        ASICModel: 'BM1370',
        deviceModel: machine.model.name,
        asicCount: machine.model.chipsPerBoard,
        defaultFrequency: 525,
        defaultVoltage: 1150,
      }
    return undefined
  },
}

function info(machine: AsicMachine): object {
  const { model, averageHs: window, shares, stratum } = machine
  const [first, second = first] = machine.pools
  const address = (url: string) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) })
  return {
    ASICModel: 'BM1370',
    power: round(Math.max(0, machine.powerW - SUPPLY_LOSS_W), 2),
    voltage: 5100,
    temp: round(machine.hottestChipC, 1),
    vrTemp: Math.round(machine.hottestChipC + 4),
    hashRate: ghs(window.s5),
    hashRate_1m: ghs(window.m1),
    hashRate_10m: ghs(window.m15),
    hashRate_1h: ghs(averageHs(machine)),
    expectedHashrate: ghs(model.hashrateHs),
    frequency: model.frequencyMHz,
    smallCoreCount: SMALL_CORES,
    boardVersion: '601',
    hostname: machine.id,
    macAddr: machine.mac.toUpperCase(),
    wifiStatus: 'Connected!',
    version: model.firmware,
    axeOSVersion: model.firmware,
    uptimeSeconds: elapsed(machine),
    overheat_mode: 0,
    miningPaused: machine.asleep || machine.hardwareFault !== undefined,
    // ESP-Miner 2.13, main/http_server/system_api_json.c: only while it stands
    ...(machine.hardwareFault === undefined ? {} : { hardware_fault: machine.hardwareFault }),
    fanspeed: 61,
    fanrpm: Math.round(machine.fanRpm),
    sharesAccepted: shares.accepted,
    sharesRejected: shares.rejected,
    poolDifficulty: machine.shareDifficulty,
    bestSessionDiff: String(shares.best),
    isUsingFallbackStratum: stratum.active === 0 ? 0 : 1,
    stratumURL: address(first.url).host,
    stratumPort: address(first.url).port,
    stratumUser: first.user,
    fallbackStratumURL: address(second.url).host,
    fallbackStratumPort: address(second.url).port,
    fallbackStratumUser: second.user,
    hashrateMonitor: { asics: machine.boards.map((b) => ({ total: ghs(b.hashrateHs), errorCount: 0 })) },
  }
}
