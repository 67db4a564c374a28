import { workDiff1OfHashrate } from '../../../protocol/units.ts'
import { minutesOf } from '../ledger-rows.ts'
import { accountOf } from '../pools/accounts.ts'
import { type Answer, day } from '../pools/pool-server.ts'
import { serve, watch } from './watch-rig.ts'

/** Just after a UTC day: the pool's last 24 h are that day. */
const AFTER_MIDNIGHT = day(20) + 2 * 60_000
export const LATER = AFTER_MIDNIGHT + 20 * 60_000
const HS = 200e12
const DAY_WORK = Math.round(workDiff1OfHashrate(HS, 60)) * 1440
const ADDRESS = accountOf('ocean').settings['address'] as string

/** What each pool answers on its workers, names written as each writes them; values are parts of 200 TH/s. */
export const LISTS: Record<string, (parts: [string, number][]) => Record<string, Answer>> = {
  antpool: (parts) => ({
    '/api/workers.htm': {
      code: 0,
      data: {
        totalPage: 1,
        rows: parts.map(([name, part]) => ({ worker: `acme.${name}`, last1d: String((HS * part) / 1e6) })),
      },
    },
  }),
  braiins: (parts) => ({
    '/accounts/workers/json/btc': {
      btc: {
        workers: Object.fromEntries(
          parts.map(([name, part]) => [
            `acme.${name}`,
            { state: 'ok', hash_rate_unit: 'Gh/s', hash_rate_24h: (HS * part) / 1e9 },
          ]),
        ),
      },
    },
  }),
  f2pool: (parts) => ({
    '/v2/hash_rate/worker/list': {
      workers: parts.map(([name, part]) => ({
        hash_rate_info: { name, hash_rate: HS, h24_hash_rate: HS * part },
        status: 0,
      })),
    },
  }),
  ocean: (parts) => ({
    [`/v1/user_hashrate_full/${ADDRESS}`]: {
      result: {
        workers: Object.fromEntries(
          parts.map(([name, part]) => [name, [{ hashrate_86400s: String(HS * part) }]]),
        ),
      },
    },
    ...Object.fromEntries(
      // its path has the time of the request: just after the day, and later
      [AFTER_MIDNIGHT, LATER].map((nowMs) => [
        `/v1/earnpay/${ADDRESS}/${day(13) / 1000}/${nowMs / 1000}`,
        { result: { earnings: [], payouts: [] } },
      ]),
    ),
  }),
  viabtc: (parts) => ({
    '/hashrate/worker': {
      code: 0,
      data: {
        has_next: false,
        data: parts.map(([name, part]) => ({ worker_name: name, hashrate_24hour: String(HS * part) })),
      },
    },
  }),
}

/** A pool that is polled once just after a day in which each user's machine mined 200 TH/s, all of it estimated. */
export async function pollOnce(
  pool: string,
  users: string[],
  parts: [string, number][],
  change: Record<string, Answer> = {},
) {
  const { answers, settings } = accountOf(pool)
  const server = await serve({ ...answers, ...LISTS[pool]?.(parts), ...change })
  const clock = { nowMs: AFTER_MIDNIGHT }
  const { watched, store, nextTurn } = watch([{ pool, ...settings, url: server.url }], {
    nowMs: () => clock.nowMs,
  })
  const account = pool === 'ocean' ? ADDRESS : 'acme'
  store.rows = users.flatMap((user) =>
    minutesOf('mining-0', day(19), 1442, {
      estimatedWorkDiff1: DAY_WORK / 1440,
      revenueNanoUsd: 1_000_000,
      coveredMs: 60_000,
      owner: `poolUser=${account}.${user}`,
      deviceId: `machine of ${user}`,
    }),
  )
  const turn = await nextTurn()
  const trued = [...store.trued.values()].map(({ worker, workDiff1 }) => [
    worker.slice(account.length + 1),
    workDiff1 / DAY_WORK,
  ])
  return { view: watched.views()[0], trued, watched, clock, turn, nextTurn, server, store }
}
