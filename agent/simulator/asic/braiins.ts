import { cgminerDialect, type Dialect } from './cgminer.ts'
import { poolRow } from './cgminer-rows.ts'
import { averageHs, elapsed, fanRpms, lastShareAt, mhs, ratedW, round } from './figures.ts'
import type { AsicMachine } from './machine.ts'
import type { WebPages } from './web-server.ts'

const PROGRAM = 'boser-buildroot 0.1.0-5a6b7c8d'
const rate = (hs: number) => ({ gigahash_per_second: round(hs / 1e9, 3) })
const degrees = (tempC: number) => ({ degree_c: round(tempC, 2) })

/** Braiins OS 26. Its cgminer API has the counters; everything else is in its REST API. */
export const braiins: Dialect = cgminerDialect(() => `BOSer ${PROGRAM}`, {
  version: ['VERSION', () => [{ API: '3.7', BOSer: PROGRAM }]],
  summary: [
    'SUMMARY',
    (machine) => [
      {
        Elapsed: elapsed(machine),
        'MHS 5s': mhs(machine.averageHs.s5),
        'MHS av': mhs(averageHs(machine)),
        Accepted: machine.shares.accepted,
        Rejected: machine.shares.rejected,
      },
    ],
  ],
  pools: ['POOLS', (machine) => machine.pools.map((_, i) => poolRow(machine, i))],
  devdetails: [
    'DEVDETAILS',
    ({ boards, model }) =>
      boards
        .filter((b) => !b.lost)
        .map((b) => ({ DEVDETAILS: b.index, ID: b.index, Model: model.name, Chips: b.chips.length })),
  ],
})

export const braiinsPages: WebPages = {
  title: 'Braiins OS+',
  // the authorization header holds the token without a scheme
  login: { path: '/api/v1/auth/login', shown: (authorization) => ({ authorization }) },
  page(machine, path, nowS) {
    const pages: Readonly<Record<string, () => unknown>> = {
      '/api/v1/miner/details': () => details(machine),
      '/api/v1/miner/stats': () => stats(machine, nowS),
      '/api/v1/miner/hw/hashboards': () => ({ hashboards: hashboards(machine) }),
      '/api/v1/miner/errors': () => ({ errors: [] }),
      '/api/v1/cooling/state': () => ({ fans: fans(machine) }),
      '/api/v1/performance/tuner-state': () => tuner(machine),
      '/api/v1/pools': () => [{ name: 'group', uid: '0', pools: pools(machine) }],
    }
    return pages[path]?.()
  },
}

const details = (machine: AsicMachine): object => ({
  bos_version: { current: machine.model.firmware, bos_plus: true },
  bosminer_uptime_s: elapsed(machine),
  system_uptime_s: elapsed(machine) + 60,
  hostname: machine.id,
  mac_address: machine.mac,
  miner_identity: { brand: 1, miner_model: machine.model.name, name: machine.model.name },
  // 1 not started, 2 normal, 3 paused
  status: machine.asleep ? 3 : machine.warmingUp ? 1 : 2,
  sticker_hashrate: rate(machine.model.hashrateHs),
})

const stats = (machine: AsicMachine, nowS: number): object => ({
  miner_stats: {
    nominal_hashrate: rate(machine.model.hashrateHs),
    real_hashrate: {
      last_5s: rate(machine.averageHs.s5),
      last_1m: rate(machine.averageHs.m1),
      since_restart: rate(averageHs(machine)),
    },
  },
  pool_stats: {
    accepted_shares: machine.shares.accepted,
    rejected_shares: machine.shares.rejected,
    last_difficulty: machine.shareDifficulty,
    last_share_time: { seconds: lastShareAt(machine, nowS), nanos: 0 },
  },
  power_stats: { approximated_consumption: { watt: Math.round(machine.powerW) } },
})

const hashboards = (machine: AsicMachine): object[] =>
  machine.boards.map((b) => ({
    id: String(b.index + 1),
    enabled: !b.lost,
    chips_count: b.chips.length,
    board_temp: degrees(b.chipTempC - 15),
    highest_chip_temp: { id: 1, temperature: degrees(b.chipTempC) },
    lowest_inlet_temp: degrees(b.chipTempC - 38),
    stats: { real_hashrate: { last_5s: rate(b.hashrateHs) } },
  }))

const fans = (machine: AsicMachine): object[] => fanRpms(machine).map((rpm, position) => ({ position, rpm }))

const tuner = (machine: AsicMachine): object => ({
  // 2 stable, 3 tuning
  overall_tuner_state: machine.tuning ? 3 : 2,
  mode_state: {
    powertargetmodestate: {
      profile: { target: { watt: Math.round(ratedW(machine) * 1.02) } },
    },
  },
})

const pools = (machine: AsicMachine): object[] =>
  machine.pools.map(({ url, user }, i) => ({
    uid: `p${i}`,
    url,
    user,
    enabled: true,
    alive: machine.stratum.isAlive(i),
    active: i === machine.stratum.active,
    stats: { accepted_shares: machine.stratum.sharesOf(i).accepted },
  }))
