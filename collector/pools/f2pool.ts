import { z } from 'zod'
import { SecretSchema } from '../../protocol/kit/secret.ts'
import {
  completeDays,
  firstDay,
  lastDay,
  newestPayouts,
  utcDay,
} from '../economics/settlement/pool-credit.ts'
import { definePool } from '../plugin/pool.ts'
import { eachRequest } from '../pool-watch/each-request.ts'
import { amount, loose, maybe, refusalByCode, unixS } from '../pool-watch/pool-fields.ts'
import { Rows, rowsIfAny, sumByDay } from '../pool-watch/pool-rows.ts'

/**
 * F2Pool. Shapes: "F2Pool API v2" (api.f2pool.com/v2/doc/en.html): assets/balance, assets/transactions/list, hash_rate/info and
 * hash_rate/worker/list. All its requests, writing ones too, are POST with JSON; these four only read. Hashrates are in
 * H/s, times in Unix seconds; a refusal is `{ code, msg }`. Public clients (tetherto/miningos-wrk-minerpool-f2pool,
 * workers/lib/f2pool.minerpool.js) ask for one `type` of transactions a request, and without `calculate_estimated_income` the balance
 * has no income of today.
 */

const Hashrate = z.object({
  info: z.object({
    hash_rate: maybe(amount),
    h1_hash_rate: maybe(amount),
    h24_hash_rate: maybe(amount),
  }),
})

const Balance = z.object({
  balance_info: maybe(z.object({ balance: maybe(amount), estimated_today_income: maybe(amount) })),
})

/** Revenue that another miner's work brought (a referral) has no `mining_extra`. */
const Revenues = z.object({
  transactions: rowsIfAny(
    z
      .object({
        type: maybe(z.string()),
        changed_balance: amount,
        mining_extra: maybe(z.object({ mining_date: unixS, hash_rate: maybe(amount) })),
      })
      .transform(({ type, changed_balance, mining_extra }) =>
        /referr/i.test(type ?? '') ? undefined : mining_extra && { ...mining_extra, changed_balance },
      ),
    z
      .object({ mining_extra: z.object({ mining_date: unixS }) })
      .transform((transaction) => transaction.mining_extra.mining_date),
  ),
})
const Payouts = z.object({
  transactions: rowsIfAny(
    z.object({
      created_at: unixS,
      payout_extra: maybe(z.object({ value: amount, tx_id: maybe(z.string()), paid_time: maybe(unixS) })),
    }),
  ),
})

/** status 0 is online, 1 offline; 2 (expired) is a worker that was removed long ago */
const Workers = z.object({
  workers: rowsIfAny(
    z.object({
      status: loose(amount),
      hash_rate_info: z.object({ name: maybe(z.string()), h24_hash_rate: loose(maybe(amount)) }),
    }),
  ),
})

export default definePool({
  name: 'f2pool',
  summary: 'F2Pool, API v2, with an API token',
  url: 'https://api.f2pool.com',
  domains: ['f2pool.com'],
  settings: z.strictObject({
    secret: SecretSchema.describe('API token, sent as F2P-API-SECRET'),
    user: z.string().min(1).describe('mining user name of the account'),
  }),
  requests: [
    'POST /v2/hash_rate/info',
    'POST /v2/assets/balance',
    'POST /v2/assets/transactions/list',
    'POST /v2/hash_rate/worker/list',
  ],
  // no documented rate limit; other clients keep to one request a second
  spacingMs: 1_000,
  keyHelp: 'take the API token of the account (Account settings > API), and check the name in user',
  refusal: refusalByCode,
  open({ secret, user }, { ask, nowMs }) {
    const poster =
      (signal: AbortSignal) =>
      <T extends z.ZodType>(path: string, schema: T, more: object = {}) => {
        const json = { mining_user_name: user, currency: 'bitcoin', ...more }
        const headers = { 'f2p-api-secret': secret.reveal() }
        return ask({ method: 'POST', path, headers, json }, schema, signal)
      }
    return {
      async workers(signal) {
        const { workers } = await poster(signal)('/v2/hash_rate/worker/list', Workers)
        return workers.list.flatMap(({ hash_rate_info: info }) =>
          info.name ? { worker: info.name, hashrateHs: info.h24_hash_rate } : [],
        )
      },
      async read(signal) {
        const { ask: part, end } = eachRequest(signal)
        const range = { start_time: firstDay(nowMs()) / 1000, end_time: Math.ceil(nowMs() / 1000) }
        const path = '/v2/assets/transactions/list'
        const hashrates = await part('hashrates', (s) => poster(s)('/v2/hash_rate/info', Hashrate))
        const balance = await part('balance', (s) =>
          poster(s)('/v2/assets/balance', Balance, { calculate_estimated_income: true }),
        )
        const revenues = await part('earnings', (s) =>
          poster(s)(path, Revenues, { type: 'revenue', ...range }),
        )
        const paidOut = await part('payouts', (s) => poster(s)(path, Payouts, { type: 'payout', ...range }))
        const machines = await part('count of workers', (s) =>
          poster(s)('/v2/hash_rate/worker/list', Workers),
        )

        const now = nowMs()
        const info = hashrates?.info
        const { list, unread, openDays } = revenues?.transactions ?? new Rows([], undefined, 'all')
        const mined = new Rows(
          list.filter((t) => t !== undefined),
          unread,
          openDays,
        )
        const revenue = sumByDay(
          mined,
          (t) => t.mining_date,
          (t) => t.changed_balance,
        )
        const workers = machines?.workers.list
        const count = (status: number) =>
          workers && workers.length > 0 ? workers.filter((w) => w.status === status).length : undefined
        return {
          ...end(),
          hashrateHs: { now: info?.hash_rate, hour: info?.h1_hash_rate, day: info?.h24_hash_rate },
          credits: [
            lastDay(now, { hashrateHs: info?.h24_hash_rate }),
            ...completeDays(now, (day) => ({
              hashrateHs: mined.list.find((t) => utcDay(t.mining_date) === day)?.hash_rate,
              revenueBtc: revenue(day),
            })),
          ],
          todayBtc: balance?.balance_info?.estimated_today_income,
          balanceBtc: balance?.balance_info?.balance,
          payouts: newestPayouts(
            (paidOut?.transactions.list ?? []).flatMap(({ payout_extra, created_at }) =>
              payout_extra
                ? {
                    atMs: payout_extra.paid_time ?? created_at,
                    amountBtc: payout_extra.value,
                    txid: payout_extra.tx_id,
                  }
                : [],
            ),
          ),
          workers: { alive: count(0), dead: count(1) },
        }
      },
    }
  },
})
