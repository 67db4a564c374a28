import { z } from 'zod'
import { NameSchema } from '../../protocol/device.ts'
import { DurationMsSchema, HttpUrlSchema } from '../../protocol/kit/fields.ts'
import { CidrSchema } from '../../protocol/kit/http/address-guard.ts'
import type { Pool } from '../plugin/pool.ts'
import { checkUrl } from '../prices/feed-http.ts'

const LEAST_EVERY_MS = 60_000

/** What every pool has beside its own settings. */
const common = (pool: Pool) => ({
  kind: z.literal(pool.name).describe(pool.summary),
  name: NameSchema.describe('what logs and screens call it'),
  workload: NameSchema.describe(
    'mining workload that it is compared with: its match should name this account of this pool and no other',
  ),
  every: DurationMsSchema.prefault('5m')
    .refine((ms) => ms >= LEAST_EVERY_MS, 'expected 1m or more: pools ban those who ask more often')
    .describe('how often it is asked'),
  url: HttpUrlSchema.default(pool.url).describe('where its API is; for a proxy of your own'),
  allowPrivate: z
    .array(CidrSchema)
    .default([])
    .describe('private ranges that the url may be in, such as 10.20.0.0/16; public ones need none'),
})

/** A pool as configured, with the settings of its kind beside what all have. */
export type PoolConfig = z.output<z.ZodObject<ReturnType<typeof common>>> & Record<string, unknown>

/**
 * The `pools:` part of the configuration: `[{ kind: braiins, name: acme, workload: mining, token: {...} }]`. Pools bring their own
 * settings, so one more of them changes nothing here.
 */
export function poolsSchema(pools: readonly Pool[]) {
  const kinds = pools.map((pool) => pool.settings.extend(common(pool)).strict())
  const [first, ...rest] = kinds
  if (!first) throw new Error('there is no pool')
  return z
    .array(
      z.discriminatedUnion('kind', [first, ...rest], {
        error: `expected one of ${pools.map((pool) => pool.name).join(', ')}`,
      }),
    )
    .max(50)
    .default([])
    .superRefine((configured, ctx) => {
      const all = configured as unknown as PoolConfig[]
      all.forEach(({ name, workload, url, allowPrivate }, i) => {
        const issue = (field: string, message: string) =>
          ctx.addIssue({ code: 'custom', path: [i, field], message })
        if (all.findIndex((p) => p.name === name) < i) issue('name', `${name} is the name of another pool`)
        const other = all.findIndex((p) => p.workload === workload)
        if (other < i)
          issue(
            'workload',
            `${workload} is compared with pools[${other}]; give each account a workload of its own`,
          )
        const refused = checkUrl(url, allowPrivate)
        if (refused) issue('url', refused)
      })
    })
    .transform((configured) => configured as unknown as PoolConfig[])
}

/** What is wrong with the pools beside the workloads that they name: the index of the pool, and why. */
export const poolFaults = (
  pools: readonly PoolConfig[],
  workloads: readonly { name: string; kind: string }[],
): [number, string][] =>
  pools.flatMap(({ workload }, i): [number, string][] => {
    const found = workloads.find(({ name }) => name === workload)
    if (found?.kind === 'mining') return []
    return [[i, found ? `${workload} is no mining workload` : `there is no workload ${workload}`]]
  })
