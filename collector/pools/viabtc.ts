import { z } from 'zod'
import { SecretSchema } from '../../protocol/kit/secret.ts'
import {
  completeDays,
  firstDay,
  isoDate,
  lastDay,
  newestPayouts,
  utcDay,
} from '../economics/settlement/pool-credit.ts'
import { definePool, type WorkerCredit } from '../plugin/pool.ts'
import { eachRequest } from '../pool-watch/each-request.ts'
import { amount, loose, maybe, refusalByCode, unixS, utcText } from '../pool-watch/pool-fields.ts'
import { rows } from '../pool-watch/pool-rows.ts'

/**
 * ViaBTC. Shapes: the wiki of github.com/viabtc/viapool_api. These requests need the API key alone, no signature: perwatt never
 * needs the secret key, which can withdraw. Hashrates are text in H/s; days are UTC with `utc=true`. Only /account has the
 * balance, and it also has the owner's mail address and telephone number, so perwatt does not read it.
 */

const Hashrate = z.object({
  data: z.object({
    hashrate_10min: maybe(amount),
    hashrate_1hour: maybe(amount),
    hashrate_24hour: maybe(amount),
    active_workers: maybe(amount),
    unactive_workers: maybe(amount),
  }),
})
const page = <T extends z.ZodRawShape>(row: T) => z.object({ data: z.object({ data: rows(z.object(row)) }) })
const HashrateHistory = page({ date: utcText, hashrate: amount })
const ProfitHistory = page({ date: utcText, total_profit: amount, pps_profit: maybe(amount) })
const Workers = z.object({
  data: z.object({
    has_next: maybe(z.boolean()),
    data: rows(z.object({ worker_name: z.string(), hashrate_24hour: loose(maybe(amount)) })),
  }),
})
/** 100 workers a page: a fleet of 20,000 */
const MOST_PAGES = 200
/** A list, or a page of one as all other histories are. */
const Payments = z.object({
  data: z.preprocess(
    (data) =>
      typeof data === 'object' && data !== null && !Array.isArray(data)
        ? (data as { data?: unknown }).data
        : data,
    rows(z.object({ amount, tx: maybe(z.string()), create_time: unixS })),
  ),
})

export default definePool({
  name: 'viabtc',
  summary: 'ViaBTC, open API v1, with an API key (never the secret key)',
  url: 'https://www.viabtc.net/res/openapi/v1',
  domains: ['viabtc.com', 'viabtc.io', 'viabtc.top', 'viabtc.net'],
  settings: z.strictObject({
    apiKey: SecretSchema.describe('API key, sent as X-API-KEY; leave out the secret key'),
  }),
  requests: [
    'GET /hashrate',
    'GET /hashrate/history',
    'GET /profit/history',
    'GET /wallet/payment/history',
    'GET /hashrate/worker',
  ],
  spacingMs: 1_000,
  keyHelp:
    'take the API key of the account (Settings > API), and enter the collector’s address in its IP whitelist',
  refusal: refusalByCode,
  open({ apiKey }, { ask, nowMs }) {
    return {
      async workers(signal) {
        const found: WorkerCredit[] = []
        for (let page = 1; page <= MOST_PAGES; page++) {
          const query = { coin: 'BTC', page: String(page), limit: '100' }
          const headers = { 'x-api-key': apiKey.reveal() }
          const { data } = await ask({ path: '/hashrate/worker', query, headers }, Workers, signal)
          found.push(...data.data.list.map((w) => ({ worker: w.worker_name, hashrateHs: w.hashrate_24hour })))
          if (!data.has_next) break
        }
        return found
      },
      async read(signal) {
        const { ask: part, end } = eachRequest(signal)
        const get = (path: string, more: Record<string, string> = {}) => ({
          path,
          query: { coin: 'BTC', ...more },
          headers: { 'x-api-key': apiKey.reveal() },
        })
        const range = {
          start_date: isoDate(firstDay(nowMs())),
          end_date: isoDate(nowMs()),
          utc: 'true',
          limit: '50',
        }
        const h = (await part('hashrates', (on) => ask(get('/hashrate'), Hashrate, on)))?.data
        const hashrates = await part('hashrates of days', (on) =>
          ask(get('/hashrate/history', range), HashrateHistory, on),
        )
        const profits = await part('earnings', (on) => ask(get('/profit/history', range), ProfitHistory, on))
        const payments = await part('payouts', (on) =>
          ask(get('/wallet/payment/history', range), Payments, on),
        )

        const now = nowMs()
        const today = profits?.data.data.list.find((row) => utcDay(row.date) === utcDay(now))
        return {
          ...end(),
          hashrateHs: { now: h?.hashrate_10min, hour: h?.hashrate_1hour, day: h?.hashrate_24hour },
          credits: [
            lastDay(now, { hashrateHs: h?.hashrate_24hour }),
            ...completeDays(now, (day) => {
              const hashrateHs = hashrates?.data.data.list.find((row) => utcDay(row.date) === day)?.hashrate
              const profit = profits?.data.data.list.find((row) => utcDay(row.date) === day)
              // the part that is not PPS is paid by the blocks found
              const byLuck = profit?.pps_profit !== undefined && profit.pps_profit < profit.total_profit / 2
              return { hashrateHs, revenueBtc: profit?.total_profit, byLuck }
            }),
          ],
          todayBtc: today?.total_profit,
          payouts: newestPayouts(
            (payments?.data.list ?? []).map((row) => ({
              atMs: row.create_time,
              amountBtc: row.amount,
              txid: row.tx,
            })),
          ),
          workers: { alive: h?.active_workers, dead: h?.unactive_workers },
        }
      },
    }
  },
})
