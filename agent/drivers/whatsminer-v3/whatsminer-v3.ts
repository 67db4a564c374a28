import { z } from 'zod'
import { isInitialising } from '../../asic/cgminer-facts.ts'
import { type AsicFacts, type Board, fansWithSpeed, sumOfAll } from '../../asic/facts.ts'
import { firmwareIn } from '../../asic/firmware.ts'
import { fromThs } from '../../asic/hashrates.ts'
import { ratedJPerTh } from '../../asic/models/rated-efficiency.ts'
import { stratumPools } from '../../asic/pools.ts'
import { powerFact, wattsOf } from '../../asic/power.ts'
import { minerSession } from '../../asic/session.ts'
import { minerPort } from '../../asic/settings.ts'
import { whatsminerFault } from '../../asic/whatsminer-errors.ts'
import { defineDriver } from '../../plugin/driver.ts'
import type { FirstAnswers } from '../../plugin/first-answers.ts'
import {
  isTrue,
  macOf,
  nonNegativeOf,
  numberOf,
  numbersOf,
  positiveOf,
  type Row,
  rowsOf,
  textOf,
} from '../../wire/loose-json/fields.ts'
import { WhatsminerLink } from './link.ts'

/** After this time a machine that still reports a climbing frequency is a machine that fails. */
const RAMP_S = 3_600

export default defineDriver({
  name: 'whatsminer-v3',
  summary: 'MicroBT Whatsminer with API 3 (firmware from 2024-11), TCP 4433',
  kind: 'asic',
  settings: z.strictObject({ port: minerPort(4433) }),
  needsHost: true,
  requests: [
    'get.device.info',
    'get.miner.status summary',
    'get.miner.status edevs',
    'get.miner.status pools',
  ],
  recognises: isWhatsminerV3,
  open({ host, options: { port } }) {
    const link = new WhatsminerLink({ host, port })
    return minerSession({
      async gather(signal) {
        // whether it works, and its watts where `summary` has none, stand here too
        const device = await link.askOptional('get.device.info', undefined, signal)
        // while mining is stopped, the mining program does not answer
        const status = await link.askOptional('get.miner.status', 'summary', signal)
        const pools = await link.askOptional('get.miner.status', 'pools', signal)
        const boards = await link.askOptional('get.miner.status', 'edevs', signal, { whole: true })
        const summary = section(status, 'summary')
        const rows = rowsOf(boards, 'edevs')
        const current =
          fromThs(nonNegativeOf(summary, 'hash-realtime', 'hash-1min')) ??
          sumOfAll(rows.map((row) => boardOf(row, 0).hashrateHs))
        // the chips' frequency is still rising to its target
        const ramping =
          numberOf(summary['up-freq-finish']) === 0 && (nonNegativeOf(summary, 'elapsed') ?? 0) < RAMP_S
        return {
          sha256Only: true,
          stopped: { device: device && isStopped(device) },
          ...deviceFacts(device ?? {}),
          ...summaryFacts(summary),
          ...boardFacts(summary, rows),
          hashrateHs: current,
          boardsAreNow: rows.every((row) => nonNegativeOf(row, 'hash-realtime') !== undefined),
          power: powerOf(summary, section(device, 'power'), !!current),
          ramping,
          starting: ramping || rows.some(isInitialising),
          pools: pools && poolsOf(pools),
        }
      },
      forget: () => link.close(),
      close: () => link.close(),
    })
  },
})

/** Port 4433 alone is weak evidence. Where the older API answers too, its driver is better: that API counts accepted work. */
function isWhatsminerV3(answers: FirstAnswers): boolean {
  const { port4433, deviceInfo4433 = '', httpRoot } = answers
  if (!port4433 || firmwareIn(answers) !== undefined) return false
  // its own form, also where it refuses: {"code":-4,"when":1,"msg":"permission denied","desc":"get.device.info"}
  if (/"code"\s*:\s*-?\d/.test(deviceInfo4433) && /"msg"\s*:/.test(deviceInfo4433)) return true
  if (!httpRoot) return true
  const { status, headers, body } = httpRoot
  return (status === 307 && (headers['location'] ?? '').startsWith('https:')) || /luci|whatsminer/i.test(body)
}

const section = (body: Row | undefined, name: string): Row => rowsOf(body, name)[0] ?? {}

const isStopped = (device: Row): boolean => /^false$/i.test(String(section(device, 'miner')['working']))

function deviceFacts(device: Row): AsicFacts {
  const miner = section(device, 'miner')
  const type = textOf(miner, 'type')
  const model = type && `Whatsminer ${type}`
  return {
    model,
    efficiencyJPerTh: ratedJPerTh(model),
    firmware: textOf(section(device, 'system'), 'fwversion'),
    hardwareId: macOf(section(device, 'network')['mac']) ?? textOf(miner, 'miner-sn'),
    boardsFitted: nonNegativeOf(miner, 'board-num'),
    // the code is the field name, its value the time: { "531": "2025-03-12 14:52:35", reason: ... }
    faults: rowsOf(device, 'error-code')
      .flatMap((row) => Object.keys(row))
      .flatMap((key) => numberOf(key) ?? [])
      .map(whatsminerFault),
  }
}

const powerOf = (summary: Row, supply: Row, hashes: boolean): AsicFacts['power'] =>
  powerFact(
    wattsOf(summary, hashes, 'power-realtime', 'power-5min') ?? wattsOf(supply, hashes, 'pin'),
    'reported',
  )

function summaryFacts(summary: Row): AsicFacts {
  return {
    hashrateAvgHs: fromThs(nonNegativeOf(summary, 'hash-average')),
    expectedHashrateHs: fromThs(positiveOf(summary, 'factory-hash')),
    hashratesBeside: [
      { name: 'its average of 1 min', hashrateHs: fromThs(nonNegativeOf(summary, 'hash-1min')), windowS: 60 },
      {
        name: 'its average of 15 min',
        hashrateHs: fromThs(nonNegativeOf(summary, 'hash-15min')),
        windowS: 900,
      },
    ],
    powerLimitW: positiveOf(summary, 'power-limit'),
    inletTempC: numberOf(summary['environment-temperature']),
    fans: fansWithSpeed([
      { name: 'intake fan', rpm: nonNegativeOf(summary, 'fan-speed-in') },
      { name: 'exhaust fan', rpm: nonNegativeOf(summary, 'fan-speed-out') },
    ]),
    uptimeS: nonNegativeOf(summary, 'elapsed'),
  }
}

function boardFacts(summary: Row, rows: readonly Row[]): AsicFacts {
  return {
    boards: rows.length > 0 ? rows.map(boardOf) : undefined,
    chipTempsC: [...rows, summary].flatMap((row) => numberOf(row['chip-temp-max']) ?? []),
    boardTempsC: numbersOf(summary['board-temperature'] ?? []),
  }
}

function boardOf(row: Row, i: number): Board {
  const status = textOf(row, 'status') ?? 'alive'
  return {
    name: `hashboard ${nonNegativeOf(row, 'slot', 'id') ?? i}`,
    hashrateHs: fromThs(nonNegativeOf(row, 'hash-realtime', 'hash-average')),
    chipsWorking: nonNegativeOf(row, 'effective-chips'),
    dead: /^alive$/i.test(status) || isInitialising(row) ? undefined : `status ${status}`,
  }
}

/** API 3 counts neither accepted work nor shares: `reject-rate` is % of the shares. */
const poolsOf = (reply: Row) =>
  stratumPools(
    rowsOf(reply, 'pools').map((pool) => ({
      acceptedRatio: 1 - (nonNegativeOf(pool, 'reject-rate') ?? Number.NaN) / 100,
      url: textOf(pool, 'url'),
      user: textOf(pool, 'account'),
      alive: /^alive$/i.test(textOf(pool, 'status') ?? 'alive'),
      active: isTrue(pool['stratum-active']),
    })),
  )
