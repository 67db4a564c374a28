import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt from 'mqtt'
import { afterAll, afterEach, expect, test } from 'vitest'
import type { HeldView } from '../../collector/books/held-views.ts'
import { Collector } from '../../collector/composition/collector.ts'
import { CollectorConfigSchema } from '../../collector/config/config.ts'
import type { AlertView } from '../../collector/views/alert.ts'
import type { LedgerFigure } from '../../collector/views/ledger-figure.ts'
import type { SiteView } from '../../collector/views/site.ts'
import { encode } from '../../protocol/codec.ts'
import { encodeIntervals, type Interval } from '../../protocol/interval.ts'
import { parseConfig } from '../../protocol/kit/config.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import type { AckMessage } from '../../protocol/status.ts'
import { topic } from '../../protocol/topics.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { eventually } from '../eventually.ts'
import { freePort } from '../mosquitto.ts'

const TOKEN = 'a-token-of-this-test'
const folder = mkdtempSync(join(tmpdir(), 'perwatt-doubts-'))
let collector: Collector | undefined
let url = ''

async function start(brokerPort: number): Promise<void> {
  const text = JSON.stringify({
    site: { id: 'plains' },
    dataFolder: folder,
    mqtt: { embedded: { port: brokerPort } },
    http: { port: await freePort(), token: TOKEN },
    ledger: { settleDelay: '1s' },
    workloads: [
      { name: 'mining', kind: 'mining', usdPerPhDay: 50, scheme: 'fpps', match: [{ poolUrl: '*' }] },
      { name: 'rental', kind: 'gpu-hour', usdPerGpuHour: 2.1, match: [{ namespace: '*' }] },
    ],
  })
  collector = new Collector({
    config: parseConfig(CollectorConfigSchema, text, 'test'),
    assets: {},
    version: 'test',
    log: SILENT,
    isSynchronised: async () => true,
  })
  url = (await collector.start()).screenUrl
}
async function ask<T>(path: string, body?: unknown): Promise<T> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
  const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  return (await (await fetch(`${url}${path}`, { headers, ...post })).json()) as T
}

afterEach(async () => {
  await collector?.stop()
  collector = undefined
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('counters that can’t be are acknowledged, alert, earn nothing over a restart, and earn once a person accepts them', async () => {
  const port = await freePort()
  await start(port)
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: 'perwatt-plains-hall-1' })
  const acks: AckMessage[] = []
  client.on('message', (_, payload) => acks.push(JSON.parse(payload.toString()) as AckMessage))
  await client.subscribeAsync(topic('plains', 'hall-1', 'ack'))
  const devices = [
    { deviceId: 's21', kind: 'asic', driver: 'antminer', expectedHashrateHs: 2e14 },
    { deviceId: 'node/gpu0', kind: 'gpu', driver: 'nvml' },
  ]
  const inventory = { v: 1, atMs: Date.now(), simulated: false, devices }
  await client.publishAsync(topic('plains', 'hall-1', 'inventory'), JSON.stringify(inventory), {
    qos: 1,
    retain: true,
  })
  const startMs = minuteOf(Date.now()) - 5 * MINUTE_MS
  const record = (minute: number, deviceId: string, over: Partial<Interval>): Interval => ({
    deviceId,
    owner: deviceId === 's21' ? { poolUrl: 'stratum+tcp://pool.example:3333' } : { namespace: 'tenant' },
    startMs: startMs + minute * MINUTE_MS,
    durationMs: MINUTE_MS,
    coveredMs: MINUTE_MS,
    ...over,
  })
  const intervals = [
    record(0, 's21', { workDiff1: 2_793_968 }),
    record(1, 's21', { workDiff1: 9e13 }),
    record(2, 's21', { workDiff1: 2_793_968, coveredMs: 61_000 }),
    record(0, 'node/gpu0', { gpuMs: 60_000 }),
    record(1, 'node/gpu0', { gpuMs: 1e10 }),
  ]
  const message = encodeIntervals({ epoch: 1, firstSeq: 1, oldestSeq: 1, intervals }, Date.now())
  await eventually(
    () => ask<SiteView>('/api/v1/site'),
    (site) => site.agents.some((agent) => agent.devices === 2),
  )
  await client.publishAsync(topic('plains', 'hall-1', 'intervals'), Buffer.from(encode(message)), { qos: 1 })
  const acked = await eventually(
    () => acks,
    (all) => all.some((ack) => ack.seq === 5),
  )
  expect(acked.at(-1)).not.toHaveProperty('quarantined')

  const list = () => ask<HeldView>('/api/v1/doubts')
  const { groups } = await eventually(list, ({ open }) => open.length === 2)
  expect(groups.map(({ deviceId, check, records }) => [deviceId, check, records]).sort()).toEqual([
    ['node/gpu0', 'gpu-time', 1],
    ['s21', 'coverage', 1],
    ['s21', 'work', 1],
  ])
  const earned = async () => {
    const range = `from=${new Date(startMs).toISOString()}&to=${new Date(startMs + 4 * MINUTE_MS).toISOString()}`
    const rows = await ask<LedgerFigure[]>(`/api/v1/ledger?${range}&step=1h&groupBy=site`)
    return rows.reduce((sum, row) => sum + row.revenueUsd, 0)
  }
  // a minute of 200 TH/s at 50 USD/PH/day, and one of a GPU at 2.10 USD an hour
  const honestUsd = (0.2 * 50) / 1440 + 2.1 / 60
  expect(await eventually(earned, (usd) => usd > 0.01)).toBeCloseTo(honestUsd, 5)
  const alerts = await eventually(
    () => ask<AlertView[]>('/api/v1/alerts'),
    (all) => all.filter((alert) => alert.rule === 'doubtful-records').length === 2,
  )
  expect(alerts.map((alert) => alert.subject.deviceId).sort()).toEqual(
    expect.arrayContaining(['node/gpu0', 's21']),
  )
  expect((await ask<SiteView>('/api/v1/site')).ledgerHeld).toMatchObject({ records: 3, devices: 2 })

  await collector?.stop()
  await start(port)
  expect((await list()).groups).toHaveLength(3)
  expect(await earned()).toBeCloseTo(honestUsd, 5)
  const decision = { verdict: 'accept', checks: ['coverage'], by: 'ann', reason: 'a clock that was set' }
  await ask('/api/v1/doubts', decision)
  expect(await eventually(earned, (usd) => usd > honestUsd + 0.001)).toBeCloseTo(
    honestUsd + (0.2 * 50) / 1440,
    5,
  )
  expect((await list()).groups).toHaveLength(2)
  await client.endAsync(true)
})
