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
import { amount, loose, maybe, utcText } from '../pool-watch/pool-fields.ts'
import { Rows, rows, rowsByName, rowsIfAny, sumByDay } from '../pool-watch/pool-rows.ts'

/**
 * Luxor. Shapes: docs.luxor.tech, Mining Pool API V2, Reporting and Payments. The `authorization` header is the key alone, without
 * "Bearer". Several subaccounts repeat the parameter `subaccount_names`. Hashrates are text in H/s; a day is given by its first moment. Of the values of `transaction_category` only "Miner
 * Revenue" is documented: a category with "pay" or "withdraw" in it counts as a payout.
 */

const Summary = z.object({
  hashrate_5m: maybe(amount),
  hashrate_1h: maybe(amount),
  hashrate_24h: maybe(amount),
  balance: rowsIfAny(z.object({ currency_type: z.string(), revenue: amount })),
})
const Revenue = z.object({
  revenue: rows(
    z.object({
      date_time: utcText,
      revenue: z.object({ currency_type: z.string(), revenue_type: maybe(z.string()), revenue: amount }),
    }),
    z.object({ date_time: utcText }).transform((row) => row.date_time),
  ),
})
const Hashrates = z.object({
  hashrate_efficiency: rows(z.object({ date_time: utcText, hashrate: amount })),
})
const Transactions = z.object({
  transactions: rows(
    z.object({
      date_time: utcText,
      currency_type: z.string(),
      currency_amount: amount,
      transaction_category: maybe(z.string()),
      transaction_id: maybe(z.string()),
    }),
  ),
})
const Workers = z.object({ total_active: maybe(amount), total_inactive: maybe(amount) })

const WorkerDays = z.object({
  hashrate_efficiency_revenue: rowsByName(
    loose(z.array(z.object({ date_time: utcText, hashrate: loose(maybe(amount)) }))),
  ),
  pagination: maybe(z.object({ next_page_url: maybe(z.string()), item_count: maybe(amount) })),
})
const PAGE_SIZE = 100
/** a fleet of 20,000 */
const MOST_PAGES = 200

/** Revenue that another miner's work brought: `revenue_type` is MINING or REFERRAL. */
const isReferral = (row: { revenue_type?: string | undefined }): boolean =>
  /referr/i.test(row.revenue_type ?? '')

const isBtc = (row: { currency_type: string }): boolean => row.currency_type === 'BTC'

export default definePool({
  name: 'luxor',
  summary: 'Luxor Pool, API v2, with a workspace’s API key',
  url: 'https://app.luxor.tech/api',
  domains: ['luxor.tech'],
  settings: z.strictObject({
    apiKey: SecretSchema.describe('API key of the workspace'),
    subaccounts: z
      .array(z.string().min(1))
      .min(1)
      .max(50)
      .describe('names of the subaccounts; their figures are added'),
  }),
  requests: [
    'GET /v2/pool/summary/BTC',
    'GET /v2/pool/revenue/BTC',
    'GET /v2/pool/hashrate-efficiency/BTC',
    'GET /v2/pool/transactions/BTC',
    'GET /v2/pool/workers/BTC',
    'GET /v2/pool/workers-hashrate-efficiency/BTC/*',
  ],
  spacingMs: 1_000,
  keyHelp:
    'generate a key at Workspace > API Keys, as a member who may view revenue (Auditor, Accounting), and check the subaccounts',
  open({ apiKey, subaccounts }, { ask, nowMs }) {
    return {
      async workersOfDay(dayMs, signal) {
        const found: WorkerCredit[] = []
        for (const subaccount of subaccounts)
          for (let page = 1; page <= MOST_PAGES; page++) {
            const answer = await ask(
              {
                path: `/v2/pool/workers-hashrate-efficiency/BTC/${encodeURIComponent(subaccount)}`,
                query: {
                  start_date: isoDate(dayMs),
                  end_date: isoDate(dayMs),
                  tick_size: '1d',
                  page_number: String(page),
                  page_size: String(PAGE_SIZE),
                },
                headers: { authorization: apiKey.reveal() },
              },
              WorkerDays,
              signal,
            )
            for (const [worker, days] of answer.hashrate_efficiency_revenue.list) {
              const hashrateHs = days?.find((d) => utcDay(d.date_time) === dayMs)?.hashrate
              found.push({ worker: `${subaccount}.${worker}`, hashrateHs })
            }
            // not every answer of this request has the address of the next page; each has the number of workers
            const { next_page_url, item_count = 0 } = answer.pagination ?? {}
            if (!next_page_url && page * PAGE_SIZE >= item_count) break
          }
        return found
      },
      async read(signal) {
        const { ask: part, end } = eachRequest(signal)
        const get = <T extends z.ZodType>(
          figures: string,
          path: string,
          schema: T,
          more: Record<string, string> = {},
        ) =>
          part(figures, (s) =>
            ask(
              {
                path: `/v2/pool/${path}/BTC`,
                query: { subaccount_names: subaccounts, ...more },
                headers: { authorization: apiKey.reveal() },
              },
              schema,
              s,
            ),
          )
        const range = { start_date: isoDate(firstDay(nowMs())), end_date: isoDate(nowMs()) }
        const page = { page_number: '1', page_size: '50' }
        const summary = await get('hashrates and balance', 'summary', Summary)
        const earnings = await get('earnings', 'revenue', Revenue, range)
        const days = { ...range, ...page, tick_size: '1d' }
        const history = await get('hashrates of days', 'hashrate-efficiency', Hashrates, days)
        const paidOut = await get('payouts', 'transactions', Transactions, { ...range, ...page })
        const workers = await get('count of workers', 'workers', Workers, {
          page_number: '1',
          page_size: '1',
        })

        const now = nowMs()
        const { list, unread, openDays } = earnings?.revenue ?? new Rows([], undefined, 'all')
        const earned = sumByDay(
          new Rows(
            list.filter((row) => isBtc(row.revenue) && !isReferral(row.revenue)),
            unread,
            openDays,
          ),
          (row) => row.date_time,
          (row) => row.revenue.revenue,
        )
        return {
          ...end(),
          hashrateHs: { now: summary?.hashrate_5m, hour: summary?.hashrate_1h, day: summary?.hashrate_24h },
          credits: [
            lastDay(now, { hashrateHs: summary?.hashrate_24h }),
            ...completeDays(now, (day) => ({
              hashrateHs: history?.hashrate_efficiency.list.find((row) => utcDay(row.date_time) === day)
                ?.hashrate,
              revenueBtc: earned(day),
            })),
          ],
          todayBtc: earned(utcDay(now)),
          balanceBtc: summary?.balance.list.find(isBtc)?.revenue,
          payouts: newestPayouts(
            (paidOut?.transactions.list ?? [])
              .filter((t) => isBtc(t) && /pay|withdraw/i.test(t.transaction_category ?? ''))
              .map((t) => ({
                atMs: t.date_time,
                amountBtc: Math.abs(t.currency_amount),
                txid: t.transaction_id,
              })),
          ),
          workers: { alive: workers?.total_active, dead: workers?.total_inactive },
        }
      },
    }
  },
})
