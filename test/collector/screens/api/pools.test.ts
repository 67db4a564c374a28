import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createServer, type ScreensServer } from '../../../../collector/screens/server.ts'
import { type PoolView, PoolViewSchema } from '../../../../collector/views/pools.ts'
import { SILENT } from '../../../../protocol/kit/log.ts'
import { createScene } from '../scene.ts'

let server: ScreensServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

async function start(pools?: () => PoolView[]) {
  const scene = createScene()
  server = createServer({
    views: scene,
    ...(pools ? { pools } : {}),
    assets: {},
    log: SILENT,
    version: '1.2.3',
    now: () => scene.nowMs,
  })
  const { address, port } = await server.listen('127.0.0.1', 0)
  return (path: string) => fetch(`http://${address}:${port}${path}`)
}

const failing: PoolView = {
  name: 'acme',
  pool: 'braiins',
  workload: 'mining',
  state: 'failing',
  reason: 'GET /accounts/profile/json/btc/ answers 401: the key is refused; make one',
  stale: true,
  answeredAt: '2026-05-20T12:00:00.000Z',
  hashrateHs: { now: 10e15, hour: undefined, day: 10e15 },
  payouts: [{ at: '2026-05-19T01:01:40.000Z', amountBtc: 0.0049 }],
  differences: [
    {
      from: '2026-05-19T12:00:00.000Z',
      to: '2026-05-20T12:00:00.000Z',
      basis: 'shares',
      differenceRatio: -0.05,
      differenceUsdPerDay: -50,
      ledgerCoveredRatio: 1,
      ledgerWorkDiff1: 1e9,
      ledgerRevenueUsd: 1000,
      poolWorkDiff1: 0.95e9,
      poolWorkBasis: 'shares',
    },
  ],
}

test('every pool is shown with its state and differences; what is unknown is left out', async () => {
  const get = await start(() => [failing])
  const answer = await get('/api/v1/pools')
  const body = z.array(PoolViewSchema.strict()).parse(await answer.json())
  expect(answer.status).toBe(200)
  expect(body).toEqual(JSON.parse(JSON.stringify([failing])))
  expect(body[0]?.hashrateHs).toEqual({ now: 10e15, day: 10e15 })
})

test('a site without pools has an empty list, and the API describes it', async () => {
  const get = await start(() => [])
  expect(await (await get('/api/v1/pools')).json()).toEqual([])
  expect(await (await get('/openapi.json')).json()).toMatchObject({
    paths: { '/api/v1/pools': {} },
    components: { schemas: { Pool: {} } },
  })
})

test('a parameter that it does not have is refused', async () => {
  const get = await start(() => [])
  expect((await get('/api/v1/pools?name=acme')).status).toBe(400)
})
