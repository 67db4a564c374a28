import { z } from 'zod'
import { NameSchema } from '../../protocol/device.ts'
import { durationMs, HttpUrlSchema } from '../../protocol/kit/fields.ts'
import { CidrSchema } from '../../protocol/kit/http/address-guard.ts'
import { type Entry, entrySchema } from '../../protocol/kit/plugin.ts'
import type { Pool } from '../plugin/pool.ts'
import { checkUrl } from '../prices/feed-http.ts'

const LEAST_POLL_MS = 60_000

/** What every pool has beside its own settings. */
const commonSettings = (pool: Pool) => ({
  name: NameSchema.describe('what logs and screens call it'),
  workload: NameSchema.describe(
    'mining workload that it is compared with: its match should name this account of this pool and no other',
  ),
  poll: durationMs('1s', '1d')
    .prefault('5m')
    .refine((ms) => ms >= LEAST_POLL_MS, 'expected 1m or more: pools ban clients that ask more often')
    .describe('how often it is asked'),
  url: HttpUrlSchema.default(pool.url).describe('address of its API; set it for a proxy of your own'),
  allowPrivate: z
    .array(CidrSchema)
    .default([])
    .describe('private ranges that the url may be in, such as 10.20.0.0/16; public addresses need none'),
})

export type PoolConfig = Entry<'pool', ReturnType<typeof commonSettings>>

/** The `pools:` part of the configuration: `[{ pool: braiins, name: acme, workload: mining, token: ... }]`. */
export const poolsSchema = (pools: readonly Pool[]) =>
  z
    .array(entrySchema('pool', pools, commonSettings), {
      error: ({ input }) =>
        Array.isArray(input) ? undefined : 'expected a list such as [{ pool: braiins }]',
    })
    .max(50)
    .default([])
    .superRefine((configs, ctx) => {
      configs.forEach(({ name, workload, url, allowPrivate }, i) => {
        const issue = (field: string, message: string) =>
          ctx.addIssue({ code: 'custom', path: [i, field], message })
        if (configs.findIndex((p) => p.name === name) < i)
          issue('name', `${name} is the name of another pool`)
        const other = configs.findIndex((p) => p.workload === workload)
        if (other < i)
          issue(
            'workload',
            `${workload} is compared with pools[${other}]; give each account a workload of its own`,
          )
        const refused = checkUrl(url, allowPrivate)
        if (refused) issue('url', refused)
      })
    })

/** Pools whose workload does not exist or does not mine: the index of the pool, and the fault. */
export const poolFaults = (
  pools: readonly PoolConfig[],
  workloads: readonly { name: string; kind: string }[],
): [number, string][] =>
  pools.flatMap(({ workload }, i): [number, string][] => {
    const found = workloads.find(({ name }) => name === workload)
    if (found?.kind === 'mining') return []
    return [
      [
        i,
        found
          ? `${workload} is no mining workload; name one with kind: mining`
          : `there is no workload ${workload}; add it to workloads`,
      ],
    ]
  })
