import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createServer, type ScreensServer } from '../../../../collector/screens/server.ts'
import { AlertViewSchema } from '../../../../collector/views/alert.ts'
import { DeviceViewSchema } from '../../../../collector/views/device.ts'
import { LedgerFigureSchema } from '../../../../collector/views/ledger-figure.ts'
import { SiteViewSchema } from '../../../../collector/views/site.ts'
import { StandingViewSchema } from '../../../../collector/views/standing.ts'
import { WorkloadViewSchema } from '../../../../collector/views/workload.ts'
import { PerwattError } from '../../../../protocol/kit/errors.ts'
import { SILENT } from '../../../../protocol/kit/log.ts'
import { createScene, type Scene } from '../scene.ts'

let server: ScreensServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

async function start(scene: Scene = createScene()) {
  server = createServer({
    views: scene,
    ledger: scene,
    assets: { '/wall': { type: 'text/html; charset=utf-8', body: '<!doctype html><title>wall</title>' } },
    log: SILENT,
    version: '1.2.3',
    now: () => scene.nowMs,
  })
  const { address, port } = await server.listen('127.0.0.1', 0)
  const get = (path: string, init?: RequestInit) => fetch(`http://${address}:${port}${path}`, init)
  const ask = async (path: string) => {
    const response = await get(path)
    // biome-ignore lint/suspicious/noExplicitAny: the tests check its shape
    return { status: response.status, body: (await response.json()) as any }
  }
  return { scene, get, ask, port }
}

test('every answer fits the schema that the API promises', async () => {
  const { ask } = await start()
  const checks: [string, z.ZodType][] = [
    ['/api/v1/site', SiteViewSchema],
    ['/api/v1/workloads', z.array(WorkloadViewSchema).min(1)],
    ['/api/v1/devices', z.array(DeviceViewSchema).min(1)],
    ['/api/v1/alerts', z.array(AlertViewSchema).min(1)],
    ['/api/v1/ledger', z.array(LedgerFigureSchema).min(1)],
    ['/api/v1/standing', StandingViewSchema],
    [
      '/healthz',
      z.strictObject({ status: z.literal('ok'), version: z.literal('1.2.3'), uptimeS: z.number() }),
    ],
  ]
  for (const [path, schema] of checks) {
    const { status, body } = await ask(path)
    expect([path, status, schema.safeParse(body).error]).toEqual([path, 200, undefined])
  }
})

test('the time that the collector has run is not changed by a clock that is set back', async () => {
  const { scene, ask } = await start()
  scene.nowMs -= 500 * 86_400_000
  expect((await ask('/healthz')).body.uptimeS).toBeGreaterThanOrEqual(0)
})

test('/openapi.json describes every route with the version of the package', async () => {
  const { ask } = await start()
  const { body } = await ask('/openapi.json')
  expect(body.info.version).toBe('1.2.3')
  expect(Object.keys(body.paths).sort()).toEqual([
    '/api/v1/alerts',
    '/api/v1/better-use',
    '/api/v1/devices',
    '/api/v1/ledger',
    '/api/v1/losers',
    '/api/v1/models',
    '/api/v1/site',
    '/api/v1/standing',
    '/api/v1/stream',
    '/api/v1/whatif',
    '/api/v1/workloads',
    '/healthz',
    '/readyz',
  ])
  expect(Object.keys(body.components.schemas)).toEqual(
    expect.arrayContaining(['Site', 'Device', 'Frame', 'Error']),
  )
})

test('device filters narrow the list, and a device must match all of them', async () => {
  const { ask, scene } = await start()
  const all = scene.devices()
  const { body } = await ask('/api/v1/devices?kind=asic&container=C02&agentId=south')
  expect(body.map((d: { deviceId: string }) => d.deviceId)).toEqual(
    all.filter((d) => d.location?.container === 'C02' && d.agentId === 'south').map((d) => d.deviceId),
  )
  expect(body.length).toBeGreaterThan(0)
  expect((await ask('/api/v1/devices?kind=gpu')).body).toEqual([])
})

test.each([
  ['/api/v1/devices?racks=R01', 'racks', /there are kind, container, rack, agentId/],
  ['/api/v1/devices?kind=toaster', 'kind', /expected one of asic, gpu/],
  ['/api/v1/site?verbose=1', 'verbose', /takes none/],
  ['/api/v1/ledger?from=yesterday', 'from', /ISO 8601/],
  ['/api/v1/ledger?from=2026-03-01T00:00:00%2001:00', 'from', /%2B/],
  [
    '/api/v1/ledger?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z',
    'from',
    /before `to`, which is 2026-03-01T00:00:00.000Z/,
  ],
  ['/api/v1/ledger?from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z', 'from', /before `to`/],
  ['/api/v1/ledger?step=90s', 'step', /whole minutes/],
  ['/api/v1/ledger?step=0m', 'step', /whole minutes/],
  [
    '/api/v1/ledger?groupBy=owner',
    'groupBy',
    /expected one of workload, customer, kind, device, agent, container, rack, site/,
  ],
  ['/api/v1/ledger?groupBy=site&groupBy=rack', 'groupBy', /expected one of/],
  ['/api/v1/ledger?format=xml', 'format', /json or csv/],
  [
    '/api/v1/ledger?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z',
    'step',
    /more than the 50000 figures of one answer; use a wider step, a shorter time, or format=csv/,
  ],
])('%s answers 400 and says what is wrong with %s', async (path, parameter, problem) => {
  const { ask, scene } = await start()
  const { status, body } = await ask(path)
  expect(status).toBe(400)
  expect(body.error.code).toBe('bad_parameter')
  expect(body.error.details).toEqual([{ parameter, problem: expect.stringMatching(problem) }])
  expect(body.error.message).toContain(parameter)
  expect(scene.asked).toEqual([])
})

test('two wrong parameters are both named', async () => {
  const { ask } = await start()
  const { body } = await ask('/api/v1/ledger?step=1s&groupBy=owner')
  expect(body.error.details.map((d: { parameter: string }) => d.parameter)).toEqual(['step', 'groupBy'])
})

test('the ledger without parameters is the last hour by minute and workload', async () => {
  const { ask, scene } = await start()
  await ask('/api/v1/ledger')
  const toMs = Date.UTC(2026, 2, 14, 18, 32)
  expect(scene.asked).toEqual([{ fromMs: toMs - 3_600_000, toMs, stepMs: 60_000, groupBy: 'workload' }])
})

test('times with an offset and inside a minute are widened to whole minutes', async () => {
  const { ask, scene } = await start()
  await ask('/api/v1/ledger?from=2026-03-01T02:00:30%2B02:00&to=2026-03-01T01:00:01Z&step=5m&groupBy=rack')
  expect(scene.asked).toEqual([
    { fromMs: Date.UTC(2026, 2, 1), toMs: Date.UTC(2026, 2, 1, 1, 1), stepMs: 300_000, groupBy: 'rack' },
  ])
})

test('the number of devices counts against the size of an answer', async () => {
  const scene = createScene()
  const device = scene.devices()[0]!
  scene.change.worst = Array.from({ length: 1_000 }, (_, i) => ({ ...device, deviceId: `d${i}` }))
  const { ask } = await start(scene)
  const { status, body } = await ask('/api/v1/ledger?groupBy=device')
  expect([status, body.error.message]).toEqual([400, expect.stringContaining('60 buckets x 1000 of device')])
})

test('the ledger comes as CSV in base units, by format=csv or by the Accept header', async () => {
  const { get } = await start()
  const path = '/api/v1/ledger?from=2026-03-01T00:00:00Z&to=2026-03-01T00:02:00Z'
  const byFormat = await get(`${path}&format=csv`)
  const text = await byFormat.text()
  expect(byFormat.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(text.split('\r\n')).toEqual([
    'group,start,end,energyJ,revenueUsd,feesUsd,costUsd,demandUsd,netUsd,depreciationUsd,revenueUsdPerKwh,costUsdPerKwh,netUsdPerKwh,revenueUsdPerWattYear,minedSat,minedSatPerKwh,coveredS,workDiff1,estimatedWorkDiff1,estimatedUsd,trueUpWorkDiff1,trueUpUsd,gpuS,busyGpuS,tokensIn,tokensInCached,tokensOut,revision,restatedAt,unpricedWorkDiff1,unpricedEnergyJ',
    '"workload, ""one""",2026-03-01T00:00:00.000Z,2026-03-01T00:01:00.000Z,7200000,0.18,0,0.08,0,0.1,0,0.09,,,,0,,60,4096,1024,0.036,0,0,0,0,0,0,0,,,0,0',
    '"workload, ""one""",2026-03-01T00:01:00.000Z,2026-03-01T00:02:00.000Z,7200000,0.18,0,0.08,0,0.1,0,0.09,,,,0,,60,4096,1024,0.036,0,0,0,0,0,0,0,2,2026-03-01T00:09:00.000Z,0,0',
    '',
  ])
  expect(await (await get(path, { headers: { accept: 'text/csv' } })).text()).toBe(text)
})

test('a store that fails is answered 503 with its reason', async () => {
  const scene = createScene()
  // biome-ignore lint/correctness/useYield: it fails before its first piece
  scene.ledger = async function* () {
    throw new PerwattError('store_down', 'duckdb: no space left on device')
  }
  const { ask } = await start(scene)
  const { status, body } = await ask('/api/v1/ledger')
  expect([status, body.error.code]).toEqual([503, 'store_down'])
  expect(body.error.message).toContain('no space left on device')
})

test('a view that throws is answered 500 without its internals', async () => {
  const scene = createScene()
  scene.site = () => {
    throw new Error('secret internals')
  }
  const { ask } = await start(scene)
  const { status, body } = await ask('/api/v1/site')
  expect([status, body.error.code]).toEqual([500, 'internal'])
  expect(JSON.stringify(body)).not.toContain('secret internals')
})

test('an unknown path is answered 404 as JSON, and a writing method 405', async () => {
  const { ask, get } = await start()
  const unknown = await ask('/api/v1/teapot')
  expect([unknown.status, unknown.body.error.code]).toEqual([404, 'not_found'])
  const writing = await get('/api/v1/devices', { method: 'DELETE' })
  expect([writing.status, writing.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})
