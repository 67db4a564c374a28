import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { type PoolView, PoolViewSchema } from '../../views/pools.ts'
import { none, routeOf } from './route.ts'

const pools = routeOf(
  '/api/v1/pools',
  none,
  z.array(PoolViewSchema.meta({ id: 'Pool' })),
  'What each mining pool credited and paid, by its own account, and how that differs from the ledger',
)

/** Adds the route of the pools. */
export function addPools(api: OpenAPIHono, views: () => PoolView[]): void {
  api.openapi(pools, (c) => c.json(views(), 200))
}
