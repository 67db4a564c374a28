import { z } from 'zod'
import { SecretSchema } from '../../protocol/kit/secret.ts'
import { hashrateHs } from '../../protocol/units.ts'
import {
  completeDays,
  firstDay,
  isoDate,
  lastDay,
  newestPayouts,
  utcDay,
} from '../economics/settlement/pool-credit.ts'
import { DAY_MS } from '../economics/settlement/revenue.ts'
import { definePool } from '../plugin/pool.ts'
import { eachRequest } from '../pool-watch/each-request.ts'
import { amount, hashrateUnit, loose, maybe, SATOSHIS_PER_BTC, unixS } from '../pool-watch/pool-fields.ts'
import { rows, rowsByName, rowsIfAny } from '../pool-watch/pool-rows.ts'

/**
 * Braiins Pool. Shapes: Braiins Academy, "Braiins Pool: Monitoring", section API configuration (2025). Its shares have
 * difficulty 1: the document's sample has 4.64e12 shares in a round of 3423 s at 5.88 EH/s. BTC amounts are text; a day is given
 * by its first second.
 */

const inCoin = <T extends z.ZodType>(schema: T) =>
  // newer answers have no level for the coin
  z.preprocess((answer) => (answer as { btc?: unknown } | null)?.btc ?? answer, schema)

const Profile = inCoin(
  z.object({
    hash_rate_unit: hashrateUnit,
    hash_rate_5m: maybe(amount),
    hash_rate_60m: maybe(amount),
    hash_rate_24h: maybe(amount),
    hash_rate_yesterday: maybe(amount),
    shares_24h: maybe(amount),
    shares_yesterday: maybe(amount),
    today_reward: maybe(amount),
    current_balance: maybe(amount),
    ok_workers: maybe(amount),
    low_workers: maybe(amount),
    off_workers: maybe(amount),
  }),
)

const Rewards = inCoin(
  z.object({
    daily_rewards: rows(
      z.object({
        date: unixS,
        total_reward: amount,
        referral_bonus: maybe(amount),
        referral_reward: maybe(amount),
        shares: maybe(amount),
      }),
    ),
  }),
)

const Workers = inCoin(
  z.object({
    workers: rowsByName(
      loose(
        z.object({
          hash_rate_unit: loose(hashrateUnit),
          hash_rate_24h: loose(maybe(amount)),
          shares_24h: loose(maybe(amount)),
        }),
      ),
    ),
  }),
)

const Paid = z.object({
  resolved_at_ts: maybe(unixS),
  status: z.string(),
  amount_sats: amount,
  tx_id: maybe(z.string()),
})
const Payouts = inCoin(z.object({ onchain: rowsIfAny(Paid), lightning: rowsIfAny(Paid) }))

export default definePool({
  name: 'braiins',
  summary: 'Braiins Pool, monitoring API, with the token of a read-only access profile',
  url: 'https://pool.braiins.com',
  domains: ['braiins.com', 'slushpool.com'],
  settings: z.strictObject({
    token: SecretSchema.describe(
      'token of an access profile that is read-only and allows access to web APIs',
    ),
  }),
  requests: [
    'GET /accounts/profile/json/btc/',
    'GET /accounts/rewards/json/btc',
    'GET /accounts/payouts/json/btc',
    'GET /accounts/workers/json/btc',
  ],
  // "approximately one request per five seconds (safe value)"; faster clients get no answer, and then a ban
  spacingMs: 5_000,
  keyHelp:
    'make a token at Settings > Access Profiles: limited read-only, with "Allow access to web APIs" and a new token',
  open({ token }, { ask, nowMs }) {
    return {
      async workers(signal) {
        const headers = { 'pool-auth-token': token.reveal() }
        const { workers } = await ask({ path: '/accounts/workers/json/btc', headers }, Workers, signal)
        return workers.list.map(([worker, w]) => ({
          worker,
          workDiff1: w?.shares_24h,
          hashrateHs:
            w?.hash_rate_24h === undefined || w.hash_rate_unit === undefined
              ? undefined
              : hashrateHs(w.hash_rate_24h, w.hash_rate_unit),
        }))
      },
      async read(signal) {
        const headers = { 'pool-auth-token': token.reveal() }
        const query = { from: isoDate(firstDay(nowMs())), to: isoDate(nowMs()) }
        const { ask: part, end } = eachRequest(signal)
        const p = await part('hashrates, shares and balance', (s) =>
          ask({ path: '/accounts/profile/json/btc/', headers }, Profile, s),
        )
        const rewards = await part('earnings', (s) =>
          ask({ path: '/accounts/rewards/json/btc', query, headers }, Rewards, s),
        )
        const paid = await part('payouts', (s) =>
          ask({ path: '/accounts/payouts/json/btc', query, headers }, Payouts, s),
        )

        const now = nowMs()
        const yesterday = utcDay(now) - DAY_MS
        const hs = (value: number | undefined) =>
          value === undefined || !p ? undefined : hashrateHs(value, p.hash_rate_unit)
        return {
          ...end(),
          hashrateHs: { now: hs(p?.hash_rate_5m), hour: hs(p?.hash_rate_60m), day: hs(p?.hash_rate_24h) },
          credits: [
            lastDay(now, { workDiff1: p?.shares_24h, hashrateHs: hs(p?.hash_rate_24h) }),
            ...completeDays(now, (day) => {
              const reward = rewards?.daily_rewards.list.find((r) => utcDay(r.date) === day)
              const own = day === yesterday ? p : undefined
              return {
                workDiff1: reward?.shares ?? own?.shares_yesterday,
                hashrateHs: hs(own?.hash_rate_yesterday),
                revenueBtc: reward && payForWork(reward),
              }
            }),
          ],
          todayBtc: p?.today_reward,
          balanceBtc: p?.current_balance,
          workers: { alive: sum(p?.ok_workers, p?.low_workers), dead: p?.off_workers },
          payouts: newestPayouts(
            [...(paid?.onchain.list ?? []), ...(paid?.lightning.list ?? [])].flatMap((row) =>
              row.status === 'confirmed' && row.resolved_at_ts !== undefined
                ? {
                    atMs: row.resolved_at_ts,
                    amountBtc: row.amount_sats / SATOSHIS_PER_BTC,
                    txid: row.tx_id,
                  }
                : [],
            ),
          ),
        }
      },
    }
  },
})

/**
 * What the work of a day was paid. `total_reward` also has what the account got for referring others to Braiins OS and for having been
 * referred (Braiins Academy, "Daily Reward API"); `bos_plus_reward` gives back the fee of this work.
 */
const payForWork = (day: {
  total_reward: number
  referral_bonus?: number | undefined
  referral_reward?: number | undefined
}): number => day.total_reward - (day.referral_bonus ?? 0) - (day.referral_reward ?? 0)

const sum = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0)
