import { z } from 'zod'
import {
  completeDays,
  firstDay,
  lastDay,
  newestPayouts,
  utcDay,
} from '../economics/settlement/pool-credit.ts'
import { definePool } from '../plugin/pool.ts'
import { eachRequest } from '../pool-watch/each-request.ts'
import { amount, loose, maybe, SATOSHIS_PER_BTC, unixS, utcText } from '../pool-watch/pool-fields.ts'
import { Rows, rows, sumByDay } from '../pool-watch/pool-rows.ts'

/**
 * OCEAN. Shapes: its public API (api.ocean.xyz/v1, ocean.xyz/docs/api): statsnap, user_hashrate, user_hashrate_full and earnpay, by payout address,
 * without a key. Every answer is `{ result }` or `{ error }`, numbers are text, hashrates H/s. Times are Unix seconds, or
 * ISO 8601 without a zone, which is UTC. TIDES pays by the blocks found, so the revenue of a day is luck, while its work is not.
 */

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const time = z.union([unixS, utcText])
const of = <T extends z.ZodType>(result: T) => z.object({ result })
/** H/s, or an object with it. */
const windowHs = z.preprocess((value) => {
  const { value: own, hashrate } = isObject(value) ? value : { value, hashrate: undefined }
  return own ?? hashrate
}, maybe(amount))
/**
 * The windows stand in the result by seconds (`hashrate_86400s`: tetherto/miningos-wrk-minerpool-ocean, workers/lib). Another client
 * (hashbidder, its reader of user_hashrate) also knows them one level deeper in `hashrate`, as objects, and by hours
 * (`hashrate_24h`, `hashrate_1h`, `hashrate_day`); the answer then has `data` for `result`.
 */
const Hashrate = z.preprocess(
  (answer) => {
    const outer = isObject(answer) ? (answer['result'] ?? answer['data']) : undefined
    if (!isObject(outer)) return answer
    const windows = isObject(outer['hashrate']) ? { ...outer, ...outer['hashrate'] } : outer
    const first = (...names: string[]) => names.map((name) => windows[name]).find((v) => v !== undefined)
    return {
      result: {
        ...windows,
        hashrate_3600s: first('hashrate_3600s', 'hashrate_1h'),
        hashrate_86400s: first('hashrate_86400s', 'hashrate_24h', 'hashrate_day'),
      },
    }
  },
  of(
    z.object({
      hashrate_300s: windowHs,
      hashrate_3600s: windowHs,
      hashrate_86400s: windowHs,
      active_worker_count: maybe(amount),
    }),
  ),
)
const Statsnap = of(z.object({ unpaid: maybe(amount) }))
const Earnpay = of(
  z.object({
    earnings: rows(
      z.object({ ts: time, satoshis_net_earned: amount }),
      z.object({ ts: time }).transform((row) => row.ts),
    ),
    payouts: rows(z.object({ ts: time, on_chain_txid: maybe(z.string()), total_satoshis_net_paid: amount })),
  }),
)
const WorkerHashrate = z.object({ workername: maybe(z.string()), hashrate_86400s: loose(maybe(amount)) })
/**
 * By name, each a list whose first entry is the worker's figures: tetherto/miningos-wrk-minerpool-ocean, workers/lib/utils.js
 * (`[name, [worker]]`) and its mock/. Other clients have shown the figures without the list, or a list with names; totals beside the
 * workers are no objects.
 */
const Workers = of(
  z.object({ workers: z.union([z.array(WorkerHashrate), z.record(z.string(), z.unknown())]) }),
)
const Fault = z.object({ error: z.unknown().refine((error) => error !== undefined && error !== null) })

export default definePool({
  name: 'ocean',
  summary: 'OCEAN, public API, by payout address',
  url: 'https://api.ocean.xyz',
  domains: ['ocean.xyz'],
  settings: z.strictObject({
    address: z
      .string()
      .regex(/^[A-Za-z0-9]{14,90}$/, 'expected a Bitcoin address')
      .describe('payout address of the miners; no key is needed'),
  }),
  requests: [
    'GET /v1/user_hashrate/*',
    'GET /v1/statsnap/*',
    'GET /v1/earnpay/*/*/*',
    'GET /v1/user_hashrate_full/*',
  ],
  spacingMs: 1_000,
  keyHelp: 'no key is needed; check the address',
  refusal(answer) {
    const { data } = Fault.safeParse(answer)
    return data && (typeof data.error === 'string' ? data.error : JSON.stringify(data.error))
  },
  open({ address }, { ask, nowMs }) {
    return {
      async workers(signal) {
        const { result } = await ask({ path: `/v1/user_hashrate_full/${address}` }, Workers, signal)
        const named = Array.isArray(result.workers)
          ? result.workers.map((w) => [w.workername ?? '', w] as const)
          : Object.entries(result.workers)
        return named.flatMap(([worker, answer]) => {
          const figures = Array.isArray(answer) ? answer[0] : answer
          // totals beside the workers are numbers; a worker without an entry has no figure
          if (!worker || (figures !== null && figures !== undefined && !isObject(figures))) return []
          return { worker, hashrateHs: WorkerHashrate.safeParse(figures).data?.hashrate_86400s }
        })
      },
      async read(signal) {
        const { ask: part, end } = eachRequest(signal)
        const get = <T extends z.ZodType>(figures: string, path: string, schema: T) =>
          part(figures, (s) => ask({ path: `/v1/${path}` }, schema, s))
        const fromS = firstDay(nowMs()) / 1000
        const toS = Math.ceil(nowMs() / 1000)
        const h = (await get('hashrates', `user_hashrate/${address}`, Hashrate))?.result
        const snap = await get('balance', `statsnap/${address}`, Statsnap)
        const range = `earnpay/${address}/${fromS}/${toS}`
        const paid = (await get('earnings and payouts', range, Earnpay))?.result

        const now = nowMs()
        const earned = sumByDay(
          paid?.earnings ?? new Rows([], undefined, 'all'),
          (row) => row.ts,
          (row) => row.satoshis_net_earned / SATOSHIS_PER_BTC,
          // the request covers all days: a day without a row earned nothing
          0,
        )
        return {
          ...end(),
          hashrateHs: { now: h?.hashrate_300s, hour: h?.hashrate_3600s, day: h?.hashrate_86400s },
          credits: [
            lastDay(now, { hashrateHs: h?.hashrate_86400s }),
            ...completeDays(now, (day) => ({ revenueBtc: earned(day), byLuck: true })),
          ],
          todayBtc: earned(utcDay(now)),
          balanceBtc: snap?.result.unpaid,
          payouts: newestPayouts(
            (paid?.payouts.list ?? []).map((row) => ({
              atMs: row.ts,
              amountBtc: row.total_satoshis_net_paid / SATOSHIS_PER_BTC,
              txid: row.on_chain_txid,
            })),
          ),
          workers: { alive: h?.active_worker_count },
        }
      },
    }
  },
})
