import { type AsicFacts, type Board, coldest, fansWithSpeed } from '../../asic/facts.ts'
import { fromGhs } from '../../asic/hashrates.ts'
import { type PoolFacts, stratumPools } from '../../asic/pools.ts'
import { powerFact } from '../../asic/power.ts'
import { alone } from '../../asic/session.ts'
import {
  isTrue,
  macOf,
  nonNegativeOf,
  numberOf,
  positiveOf,
  type Row,
  rowOf,
  rowsOf,
  textOf,
  valueAt,
} from '../../wire/loose-json/fields.ts'
import { LIST, type WebClient } from '../../wire/web-client.ts'

/** The page that says whether it was told to stop. */
export const DETAILS = '/api/v1/miner/details'

/** The pages of Braiins OS's public REST API (25.07 and later) that are read; each requires a login's token. */
export const REST_PAGES = {
  details: DETAILS,
  stats: '/api/v1/miner/stats',
  hashboards: '/api/v1/miner/hw/hashboards',
  cooling: '/api/v1/cooling/state',
  tuner: '/api/v1/performance/tuner-state',
  pools: '/api/v1/pools',
  errors: '/api/v1/miner/errors',
} as const

/** @returns no facts where the firmware has no REST API, or refuses the login @throws as `alone` */
export async function braiinsRestFacts(pages: WebClient, signal: AbortSignal): Promise<AsicFacts> {
  const ask = (page: keyof typeof REST_PAGES) => alone(signal, (wait) => pages.get(REST_PAGES[page], wait))
  const details = await ask('details')
  const stats = await ask('stats')
  const hashboards = await ask('hashboards')
  if (!details && !stats && !hashboards) return {}
  const cooling = await ask('cooling')
  const tuner = await ask('tuner')
  const pools = await ask('pools')
  const errors = await ask('errors')
  const isSuspended = nonNegativeOf(details, 'status') === SUSPENDED
  return {
    ...(details && detailFacts(details)),
    ...(stats && statFacts(stats)),
    ...boardFacts(rowsOf(hashboards, 'hashboards')),
    powerLimitW: numberOf(valueAt(tuner, 'mode_state', 'powertargetmodestate', 'profile', 'target', 'watt')),
    fans:
      cooling &&
      fansWithSpeed(
        rowsOf(cooling, 'fans').map((fan, i) => ({
          name: `fan ${numberOf(fan['position']) ?? i}`,
          rpm: nonNegativeOf(fan, 'rpm'),
        })),
      ),
    fanSlots: true,
    // its firmware has stopped it, whatever hashrate it still shows; the errors tell why
    ...(isSuspended && { hashrateHs: 0 }),
    faults: stats ? faultsOf(errors, stats) : [],
    pools: pools && poolsOf(pools),
  }
}

/** Values of MINER_STATUS in the public API (bos-plus-api, proto/bos/v1/miner.proto). */
const NOT_STARTED = 1
const PAUSED = 3
const SUSPENDED = 4

function detailFacts(details: Row): AsicFacts {
  const status = nonNegativeOf(details, 'status')
  return {
    model: textOf(rowOf(details['miner_identity']), 'name', 'miner_model'),
    firmware: textOf(rowOf(details['bos_version']), 'current'),
    hardwareId: macOf(details['mac_address']) ?? textOf(details, 'serial_number'),
    // the counters begin with bosminer, which can restart while the system runs on
    uptimeS: nonNegativeOf(details, 'bosminer_uptime_s', 'system_uptime_s'),
    stopped: { [DETAILS]: status === undefined ? undefined : status === PAUSED || status === NOT_STARTED },
    // not started yet, or stopped by `actions/stop`: the uptime tells which
    starting: status === NOT_STARTED,
  }
}

function statFacts(stats: Row): AsicFacts {
  const miner = rowOf(stats['miner_stats'])
  const watts = numberOf(valueAt(stats, 'power_stats', 'approximated_consumption', 'watt'))
  return {
    hashrateHs: ghs(valueAt(miner, 'real_hashrate', 'last_5s')),
    hashrateAvgHs: ghs(valueAt(miner, 'real_hashrate', 'since_restart')),
    // the tuner's nominal hashrate; the one on the sticker is for the untuned machine
    expectedHashrateHs: ghs(miner['nominal_hashrate']) || undefined,
    power: powerFact(watts || undefined, 'estimated'),
  }
}

function boardFacts(boards: readonly Row[]): AsicFacts {
  const inletsC = boards.flatMap((board) => numberOf(valueAt(board, 'lowest_inlet_temp', 'degree_c')) ?? [])
  return {
    boards: boards.length > 0 ? boards.map(boardOf) : undefined,
    boardTempsC: boards.flatMap((board) => numberOf(valueAt(board, 'board_temp', 'degree_c')) ?? []),
    chipTempsC: boards.flatMap(
      (board) => numberOf(valueAt(board, 'highest_chip_temp', 'temperature', 'degree_c')) ?? [],
    ),
    inletTempC: coldest(inletsC),
  }
}

const boardOf = (board: Row, i: number): Board => ({
  name: `hashboard ${textOf(board, 'id') ?? i + 1}`,
  hashrateHs: ghs(valueAt(board, 'stats', 'real_hashrate', 'last_5s')),
  // the chips found when the board started
  chipsFitted: positiveOf(board, 'chips_count'),
  chipsWorking: positiveOf(board, 'chips_count'),
  dead: board['enabled'] === false ? 'disabled' : undefined,
})

/** The list goes back for weeks: an error before the last accepted share no longer stops the miner. */
function faultsOf(errors: Row | undefined, stats: Row): string[] {
  const lastShareS = numberOf(valueAt(stats, 'pool_stats', 'last_share_time', 'seconds')) ?? 0
  return rowsOf(errors, 'errors')
    .filter((error) => Date.parse(textOf(error, 'timestamp') ?? '') / 1000 > lastShareS)
    .flatMap((error) => textOf(error, 'message') ?? [])
}

/** REST counts shares without their difficulty; the accepted work comes from the cgminer port. */
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

const ghs = (value: unknown): number | undefined =>
  fromGhs(nonNegativeOf(rowOf(value), 'gigahash_per_second'))
