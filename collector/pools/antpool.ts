import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { SecretSchema } from '../../protocol/kit/secret.ts'
import { hashrateHs } from '../../protocol/units.ts'
import { completeDays, lastDay, newestPayouts, utcDay } from '../economics/settlement/pool-credit.ts'
import { definePool, type WorkerCredit } from '../plugin/pool.ts'
import { eachRequest } from '../pool-watch/each-request.ts'
import { amount, hashrateText, loose, maybe, refusalByCode, utcText } from '../pool-watch/pool-fields.ts'
import { rows } from '../pool-watch/pool-rows.ts'

/**
 * AntPool. Shapes: its API guide (antpool.com/userApiGuide) as the clients node-antpool and solidity-antpool show it. All its
 * requests are POST forms, signed over user, key and a nonce that must grow. accountOverview.htm has hashrates in H/s; the older
 * hashrate.htm has had MH/s. The row of a day has the begin of the day, UTC, and a hashrate such as `35.42 PH/s`.
 */

const of = <T extends z.ZodType>(data: T) => z.object({ data })
const Overview = of(
  z.object({
    hsLast10m: maybe(amount),
    hsLast1h: maybe(amount),
    hsLast1d: maybe(amount),
    activeWorkerNum: maybe(amount),
    inactiveWorkerNum: maybe(amount),
  }),
)
const Account = of(z.object({ balance: maybe(amount) }))
const Received = of(
  z.object({
    rows: rows(
      z.object({
        timestamp: utcText,
        hashrate: maybe(hashrateText),
        ppsAmount: maybe(amount),
        ppappsAmount: maybe(amount),
        fppsBlockAmount: maybe(amount),
        fppsFeeAmount: maybe(amount),
        pplnsAmount: maybe(amount),
        ppapplnsAmount: maybe(amount),
        soloAmount: maybe(amount),
      }),
    ),
  }),
)
const PaidOut = of(
  z.object({
    rows: rows(z.object({ timestamp: utcText, txId: maybe(z.string()), amount })),
  }),
)

/**
 * `worker` is `account.name`, `last1d` is in MH/s as in the older hashrate.htm: public clients of workers.htm take the worker's name behind
 * the dot, and divide last1d by 1e6 for TH/s. node-antpool names the request.
 */
const Workers = of(
  z.object({
    totalPage: maybe(amount),
    rows: rows(z.object({ worker: z.string(), last1d: loose(maybe(amount)) })),
  }),
)
/** 50 workers a page: a fleet of 20,000 */
const MOST_PAGES = 400

const HISTORY = { pageEnable: '1', page: '1', pageSize: '50' }

export default definePool({
  name: 'antpool',
  summary: 'AntPool, user API, with a key that may only read',
  url: 'https://antpool.com',
  domains: ['antpool.com'],
  settings: z.strictObject({
    user: z.string().min(1).describe('name of the (sub-)account; part of the signature'),
    apiKey: SecretSchema.describe('API key'),
    secret: SecretSchema.describe('API secret: signs the requests, and is never sent'),
  }),
  requests: [
    'POST /api/accountOverview.htm',
    'POST /api/account.htm',
    'POST /api/paymentHistoryV2.htm',
    'POST /api/workers.htm',
  ],
  // 600 requests in 10 minutes
  spacingMs: 1_000,
  keyHelp:
    'generate a key at Dashboard > API with read permissions only (no wallet, no coin change), and check user, secret and the allowed IP address',
  refusal: refusalByCode,
  open({ user, apiKey, secret }, { ask, nowMs }) {
    let nonce = 0
    const poster =
      (signal: AbortSignal) =>
      <T extends z.ZodType>(path: string, schema: T, more: Record<string, string> = {}) => {
        nonce = Math.max(nonce + 1, nowMs())
        const signature = createHmac('sha256', secret.reveal())
          .update(`${user}${apiKey.reveal()}${nonce}`)
          .digest('hex')
          .toUpperCase()
        const signed = { key: apiKey.reveal(), nonce: String(nonce), signature }
        return ask({ method: 'POST', path, form: { ...signed, coin: 'BTC', ...more } }, schema, signal)
      }
    return {
      async workers(signal) {
        const found: WorkerCredit[] = []
        for (let page = 1; page <= MOST_PAGES; page++) {
          const more = { ...HISTORY, userId: user, page: String(page) }
          const { data } = await poster(signal)('/api/workers.htm', Workers, more)
          for (const { worker, last1d } of data.rows.list)
            found.push({ worker, hashrateHs: last1d === undefined ? undefined : hashrateHs(last1d, 'MH') })
          if (page >= (data.totalPage ?? 1)) break
        }
        return found
      },
      async read(signal) {
        const { ask: part, end } = eachRequest(signal)
        const history = (type: string) => ({ ...HISTORY, type })
        const overview = await part('hashrates', (s) =>
          poster(s)('/api/accountOverview.htm', Overview, { userId: user }),
        )
        const account = await part('balance', (s) => poster(s)('/api/account.htm', Account))
        const received = await part('earnings', (s) =>
          poster(s)('/api/paymentHistoryV2.htm', Received, history('recv')),
        )
        const paidOut = await part('payouts', (s) =>
          poster(s)('/api/paymentHistoryV2.htm', PaidOut, history('payout')),
        )

        const now = nowMs()
        const hs = overview?.data
        return {
          ...end(),
          hashrateHs: { now: hs?.hsLast10m, hour: hs?.hsLast1h, day: hs?.hsLast1d },
          credits: [
            lastDay(now, { hashrateHs: hs?.hsLast1d }),
            ...completeDays(now, (day) => {
              const row = received?.data.rows.list.find((r) => utcDay(r.timestamp) === day)
              if (!row) return {}
              const sum = (...parts: (number | undefined)[]) =>
                parts.reduce<number>((a, b) => a + (b ?? 0), 0)
              const byShare = sum(row.ppsAmount, row.ppappsAmount, row.fppsBlockAmount, row.fppsFeeAmount)
              const byBlock = sum(row.pplnsAmount, row.ppapplnsAmount, row.soloAmount)
              return {
                hashrateHs: row.hashrate,
                revenueBtc: byShare + byBlock,
                byLuck: byBlock > byShare,
              }
            }),
          ],
          balanceBtc: account?.data.balance,
          payouts: newestPayouts(
            (paidOut?.data.rows.list ?? []).map((r) => ({
              atMs: r.timestamp,
              amountBtc: r.amount,
              txid: r.txId,
            })),
          ),
          workers: { alive: hs?.activeWorkerNum, dead: hs?.inactiveWorkerNum },
        }
      },
    }
  },
})
