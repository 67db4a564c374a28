import { hashrateHs } from '../../../protocol/units.ts'
import type { AsicFacts, Board } from '../../asic/facts.ts'
import type { PoolFacts } from '../../asic/pools.ts'
import { stratumPools } from '../../asic/pools.ts'
import {
  isRow,
  isTrue,
  macOf,
  nonNegativeOf,
  numberOf,
  positiveOf,
  type Row,
  rowsOf,
  textOf,
} from '../../wire/loose-json/fields.ts'
import { LIST, type WebClient } from '../../wire/web-client.ts'

/** The pages of Braiins OS' public REST API (25.07 and later) that are read; each wants the token of a login. */
export const REST_PAGES = {
  details: '/api/v1/miner/details',
  stats: '/api/v1/miner/stats',
  hashboards: '/api/v1/miner/hw/hashboards',
  cooling: '/api/v1/cooling/state',
  tuner: '/api/v1/performance/tuner-state',
  pools: '/api/v1/pools',
  errors: '/api/v1/miner/errors',
} as const

/** @throws as `WebClient.get` */
export async function braiinsRestFacts(pages: WebClient, signal: AbortSignal): Promise<AsicFacts> {
  const details = await pages.get(REST_PAGES.details, signal)
  const stats = await pages.get(REST_PAGES.stats, signal)
  const { hashboards } = await pages.get(REST_PAGES.hashboards, signal)
  const cooling = await pages.get(REST_PAGES.cooling, signal)
  const tuner = await pages.get(REST_PAGES.tuner, signal)
  const pools = await pages.get(REST_PAGES.pools, signal)
  const errors = await pages.get(REST_PAGES.errors, signal)
  return {
    ...detailFacts(details),
    ...statFacts(stats),
    ...boardFacts(rowsOf({ hashboards }, 'hashboards')),
    powerLimitW: numberOf(at(tuner, 'mode_state', 'powertargetmodestate', 'profile', 'target', 'watt')),
    fans: rowsOf(cooling, 'fans').flatMap((fan, i) => {
      const rpm = nonNegativeOf(fan, 'rpm')
      return rpm === undefined ? [] : [{ name: `fan ${numberOf(fan['position']) ?? i}`, rpm }]
    }),
    fanSlots: true,
    faults: faultsOf(errors, stats),
    pools: poolsOf(pools),
  }
}

/** MINER_STATUS of the public API. */
const PAUSED = 3

function detailFacts(details: Row): AsicFacts {
  return {
    model: textOf(row(details['miner_identity']), 'name', 'miner_model'),
    firmware: textOf(row(details['bos_version']), 'current'),
    hardwareId: macOf(details['mac_address']) ?? textOf(details, 'serial_number'),
    // the counters begin with bosminer, which starts anew without the system
    uptimeS: nonNegativeOf(details, 'bosminer_uptime_s', 'system_uptime_s'),
    asleep: nonNegativeOf(details, 'status') === PAUSED,
  }
}

function statFacts(stats: Row): AsicFacts {
  const miner = row(stats['miner_stats'])
  const watts = numberOf(at(stats, 'power_stats', 'approximated_consumption', 'watt'))
  return {
    hashrateHs: ghs(at(miner, 'real_hashrate', 'last_5s')),
    hashrateAvgHs: ghs(at(miner, 'real_hashrate', 'since_restart')),
    // what the tuning promises; the sticker's figure is the untuned machine's
    expectedHashrateHs: ghs(miner['nominal_hashrate']) || undefined,
    power: watts ? { powerW: watts, basis: 'estimated' } : undefined,
  }
}

function boardFacts(boards: readonly Row[]): AsicFacts {
  const inletsC = boards.flatMap((board) => numberOf(at(board, 'lowest_inlet_temp', 'degree_c')) ?? [])
  return {
    boards: boards.map(boardOf),
    boardTempsC: boards.flatMap((board) => numberOf(at(board, 'board_temp', 'degree_c')) ?? []),
    chipTempsC: boards.flatMap(
      (board) => numberOf(at(board, 'highest_chip_temp', 'temperature', 'degree_c')) ?? [],
    ),
    inletTempC: inletsC.length > 0 ? Math.min(...inletsC) : undefined,
  }
}

const boardOf = (board: Row, i: number): Board => ({
  name: `hashboard ${textOf(board, 'id') ?? i + 1}`,
  hashrateHs: ghs(at(board, 'stats', 'real_hashrate', 'last_5s')),
  // those that were found at the start
  chipsFitted: positiveOf(board, 'chips_count'),
  chipsWorking: positiveOf(board, 'chips_count'),
  dead: board['enabled'] === false ? 'disabled' : undefined,
})

/** The list goes back for weeks: what happened before the last share is over. */
function faultsOf(errors: Row, stats: Row): string[] {
  const lastShareS = numberOf(at(stats, 'pool_stats', 'last_share_time', 'seconds')) ?? 0
  return rowsOf(errors, 'errors')
    .filter((error) => Date.parse(textOf(error, 'timestamp') ?? '') / 1000 > lastShareS)
    .flatMap((error) => textOf(error, 'message') ?? [])
}

/** Shares are counted without their difficulty; the paid work stands on the cgminer port. */
const poolsOf = (groups: Row): PoolFacts =>
  stratumPools(
    rowsOf(groups, LIST)
      .flatMap((group) => rowsOf(group, 'pools'))
      .filter((pool) => pool['enabled'] !== false)
      .map((pool) => ({
        url: textOf(pool, 'url'),
        user: textOf(pool, 'user'),
        alive: isTrue(pool['alive']),
        active: isTrue(pool['active']),
      })),
  )

const row = (value: unknown): Row => (isRow(value) ? value : {})

/** A value some objects down. */
const at = (value: unknown, ...names: string[]): unknown =>
  names.reduce((inner: unknown, name) => row(inner)[name], value)

function ghs(value: unknown): number | undefined {
  const rate = nonNegativeOf(row(value), 'gigahash_per_second')
  return rate === undefined ? undefined : hashrateHs(rate, 'GH')
}
