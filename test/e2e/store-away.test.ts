import { mkdtempSync, rmSync } from 'node:fs'
import { appendFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InfluxDB } from 'influx'
import mqtt, { type MqttClient } from 'mqtt'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { LossView } from '../../collector/books/audit-views.ts'
import { repair } from '../../collector/commands/repair.ts'
import { Collector } from '../../collector/composition/collector.ts'
import { CollectorConfigSchema } from '../../collector/config/config.ts'
import { createDuckdbStore } from '../../collector/stores/duckdb/duckdb.ts'
import type { LedgerFigure } from '../../collector/views/ledger-figure.ts'
import type { SiteView } from '../../collector/views/site.ts'
import { encode } from '../../protocol/codec.ts'
import { encodeIntervals, type Interval } from '../../protocol/interval.ts'
import { parseConfig } from '../../protocol/kit/config.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import { encodeLive } from '../../protocol/sample.ts'
import type { AckMessage } from '../../protocol/status.ts'
import { topic } from '../../protocol/topics.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { copyWhileOpen } from '../collector/stores/killed-database.ts'
import { eventually } from '../eventually.ts'
import { type Influxd, startInfluxd } from '../influxd.ts'
import { freePort } from '../mosquitto.ts'

const portOf = ({ url: address }: Influxd) => Number(new URL(address).port)
const TOKEN = 'a-token-of-this-test'
const folder = mkdtempSync(join(tmpdir(), 'perwatt-store-away-'))
let influxd: Influxd
let brokerPort = 0
let collector: Collector | undefined
let client: MqttClient | undefined
let url = ''
let acks: AckMessage[] = []

async function start(
  database: string,
  store: Record<string, unknown> = { store: 'influx', url: influxd.url, database },
): Promise<Collector> {
  brokerPort = await freePort()
  const text = JSON.stringify({
    site: { id: 'plains' },
    dataFolder: folder,
    mqtt: { embedded: { port: brokerPort } },
    http: { port: await freePort(), token: TOKEN },
    store,
    ledger: { settleDelay: '1s' },
    workloads: [{ name: 'rental', kind: 'gpu-hour', usdPerGpuHour: 2.1, match: [{ namespace: '*' }] }],
  })
  const started = new Collector({
    config: parseConfig(CollectorConfigSchema, text, 'test'),
    assets: {},
    version: 'test',
    log: SILENT,
    isSynchronised: async () => true,
  })
  collector = started
  url = (await started.start()).screenUrl
  return started
}

async function ask<T>(path: string): Promise<T> {
  return (await (await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } })).json()) as T
}

/** Connects as an agent with one GPU. */
async function connect(): Promise<MqttClient> {
  const agent = await mqtt.connectAsync(`mqtt://127.0.0.1:${brokerPort}`, {
    clientId: 'perwatt-plains-hall-1',
  })
  client = agent
  acks = []
  agent.on('message', (_, payload) => acks.push(JSON.parse(payload.toString()) as AckMessage))
  await agent.subscribeAsync(topic('plains', 'hall-1', 'ack'))
  const devices = [{ deviceId: 'node/gpu0', kind: 'gpu', driver: 'nvml' }]
  const inventory = { v: 1, atMs: Date.now(), simulated: false, devices }
  await agent.publishAsync(topic('plains', 'hall-1', 'inventory'), JSON.stringify(inventory), {
    qos: 1,
    retain: true,
  })
  return agent
}

const T0 = minuteOf(Date.now()) - 30 * MINUTE_MS
const hour = (seq: number): Interval => ({
  deviceId: 'node/gpu0',
  owner: { namespace: 'tenant' },
  startMs: T0 + seq * MINUTE_MS,
  durationMs: MINUTE_MS,
  coveredMs: MINUTE_MS,
  gpuMs: 60_000,
})
/** Sends the records from one number to another, as an agent that holds those from `oldestSeq` on. */
async function send(agent: MqttClient, firstSeq: number, lastSeq: number, oldestSeq = firstSeq) {
  const intervals = Array.from({ length: lastSeq - firstSeq + 1 }, (_, i) => hour(firstSeq + i))
  const message = encodeIntervals({ epoch: 7, firstSeq, oldestSeq, intervals }, Date.now())
  await agent.publishAsync(topic('plains', 'hall-1', 'intervals'), Buffer.from(encode(message)), { qos: 1 })
}
/** Sends until the answer comes, as an agent does. */
const sendUntil = async (agent: MqttClient, seqs: [number, number, number?], seq: number) =>
  eventually(
    async () => {
      await send(agent, ...seqs)
      await new Promise((resolve) => setTimeout(resolve, 200))
      return acks.at(-1)
    },
    (ack) => ack?.seq === seq,
  )
const earnedUsd = async () => {
  const range = `from=${new Date(T0).toISOString()}&to=${new Date(T0 + 29 * MINUTE_MS).toISOString()}`
  const rows = await ask<LedgerFigure[]>(`/api/v1/ledger?${range}&step=1h&groupBy=site`)
  return Array.isArray(rows) ? rows.reduce((sum, row) => sum + row.revenueUsd, 0) : 0
}
const MINUTE_USD = 2.1 / 60

beforeAll(async () => {
  influxd = await startInfluxd()
})
afterEach(async () => {
  await client?.endAsync(true)
  await collector?.stop()
  collector = undefined
})
afterAll(async () => {
  await influxd.remove()
  rmSync(folder, { recursive: true, force: true })
})

test('broker and live screens run while InfluxDB is away at the start, and the ledger begins when it comes', async () => {
  await influxd.stop()
  const { storeHealth } = await start('late')
  expect(storeHealth.away).toMatchObject({
    fails: 'opening',
    reason: expect.stringContaining('ECONNREFUSED'),
    cure: expect.stringContaining('start InfluxDB'),
  })
  const agent = await connect()
  const live = encodeLive(
    [{ deviceId: 'node/gpu0', observedAtMs: Date.now(), state: 'ok', powerW: 640 }],
    Date.now(),
  )
  await eventually(
    async () => {
      await agent.publishAsync(topic('plains', 'hall-1', 'live'), JSON.stringify(live))
      return ask<SiteView>('/api/v1/site')
    },
    (site) => site.powerW === 640,
  )
  await send(agent, 1, 3)
  // what needs the store says so; nothing is acknowledged that is not stored
  const answer = await fetch(`${url}/api/v1/losses`, { headers: { authorization: `Bearer ${TOKEN}` } })
  expect(answer.status).toBe(503)
  const told = await eventually(
    () => acks.findLast((ack) => ack.echoSentAtMs !== undefined),
    (ack) => ack !== undefined,
  )
  expect(told?.notStored).toContain('not open yet')
  expect(acks.map(({ epoch, seq }) => [epoch, seq])).toEqual(acks.map(() => [0, 0]))

  await influxd.start()
  await sendUntil(agent, [1, 3], 3)
  expect(collector?.storeHealth.away).toBeUndefined()
  expect(await eventually(earnedUsd, (usd) => usd > 2.5 * MINUTE_USD)).toBeCloseTo(3 * MINUTE_USD, 6)
})

test('live figures have their prices while the store is away at a start, and a push of before the stop still counts', async () => {
  const post = (body: unknown) =>
    fetch(`${url}/api/v1/quotes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const prices = async () =>
    Object.fromEntries((await ask<SiteView>('/api/v1/site')).prices.map((p) => [p.name, p.value]))
  await start('priced')
  await post({ name: 'btcUsd', value: 65_432, by: 'ann' })
  await eventually(prices, (seen) => seen['btcUsd'] === 65_432)
  await collector?.stop()
  await influxd.stop()
  await start('priced')
  expect(collector?.storeHealth.away).toMatchObject({ fails: 'opening' })
  await eventually(prices, (seen) => seen['btcUsd'] === 65_432)
  // pushed while the store is away: it is stored when it comes
  expect((await post({ name: 'blockHeight', value: 900_001, by: 'ann' })).status).toBe(201)
  await influxd.start()
  await eventually(
    () => collector?.storeHealth.away,
    (away) => away === undefined,
  )
  await eventually(prices, (seen) => seen['btcUsd'] === 65_432 && seen['blockHeight'] === 900_001)
  await collector?.stop()
  await start('priced')
  await eventually(prices, (seen) => seen['btcUsd'] === 65_432 && seen['blockHeight'] === 900_001)
})

test('a database that comes back empty is filled from what agents still hold, and the rest is counted as lost', async () => {
  await start('emptied')
  const agent = await connect()
  await sendUntil(agent, [1, 4], 4)
  await eventually(earnedUsd, (usd) => usd > 3.5 * MINUTE_USD)
  await new InfluxDB({ host: '127.0.0.1', port: portOf(influxd) }).dropDatabase('emptied')
  // the agent has trimmed records 1 to 4, which were acknowledged, and closes new ones
  await sendUntil(agent, [5, 6], 6)
  expect(await eventually(earnedUsd, (usd) => usd > 1.5 * MINUTE_USD)).toBeCloseTo(2 * MINUTE_USD, 6)
  const losses = await ask<LossView[]>('/api/v1/losses')
  expect(losses).toMatchObject([
    { agentId: 'hall-1', records: 4, cause: expect.stringContaining('the database lost them') },
  ])
  expect(collector?.storeHealth.warnings).toMatchObject([
    { what: expect.stringContaining('has lost what it held'), agents: ['hall-1'] },
  ])
  // rules of the time are kept again too: a restart prices as before
  await collector?.stop()
  await client?.endAsync(true)
  await start('emptied')
  await sendUntil(await connect(), [7, 7], 7)
  expect(await eventually(earnedUsd, (usd) => usd > 2.5 * MINUTE_USD)).toBeCloseTo(3 * MINUTE_USD, 6)
  expect(await ask<LossView[]>('/api/v1/losses')).toHaveLength(1)
})

test('InfluxDB that is away for a while loses nothing and doubles nothing', async () => {
  await start('hours')
  const agent = await connect()
  await sendUntil(agent, [1, 2], 2)
  await influxd.stop('SIGKILL')
  await send(agent, 3, 5)
  await eventually(
    () => collector?.storeHealth.away,
    (away) => away?.fails === 'writing',
  )
  await send(agent, 3, 6)
  await influxd.start()
  await sendUntil(agent, [3, 6], 6)
  expect(await eventually(earnedUsd, (usd) => usd > 5.5 * MINUTE_USD)).toBeCloseTo(6 * MINUTE_USD, 6)
  expect(await ask<LossView[]>('/api/v1/losses')).toEqual([])
  await eventually(
    () => collector?.storeHealth.away,
    (away) => away === undefined,
  )
})

test('a database with a retention policy settles, acknowledges, and says what it will delete', async () => {
  const other = new InfluxDB({ host: '127.0.0.1', port: portOf(influxd), database: 'month' })
  await other.query('CREATE DATABASE month WITH DURATION 30d')
  await start('month')
  const agent = await connect()
  await sendUntil(agent, [1, 3], 3)
  expect(await eventually(earnedUsd, (usd) => usd > 2.5 * MINUTE_USD)).toBeCloseTo(3 * MINUTE_USD, 6)
  expect(collector?.storeHealth).toMatchObject({
    warnings: [
      {
        what: expect.stringContaining('older than 30 days'),
        cure: expect.stringContaining('ALTER RETENTION POLICY'),
      },
    ],
  })
  // the mark outlasts a restart: nothing is taken twice
  await collector?.stop()
  await client?.endAsync(true)
  await start('month')
  await sendUntil(await connect(), [1, 4], 4)
  expect(await eventually(earnedUsd, (usd) => usd > 3.5 * MINUTE_USD)).toBeCloseTo(4 * MINUTE_USD, 6)
})

test('a password that is changed mid-run is told with what to check, and nothing acknowledged is lost', async () => {
  const guarded = await startInfluxd({ http: ['auth-enabled = true'] })
  try {
    const admin = new InfluxDB({
      host: '127.0.0.1',
      port: portOf(guarded),
      username: 'admin',
      password: 'admin-pw',
    })
    await admin.createUser('admin', 'admin-pw', true)
    await admin.createDatabase('perwatt')
    await admin.createUser('writer', 'first')
    await admin.queryRaw('GRANT ALL ON perwatt TO writer', { database: 'perwatt', method: 'POST' })
    const store = { store: 'influx', url: guarded.url, username: 'writer', password: 'first' }
    await start('perwatt', store)
    const agent = await connect()
    await sendUntil(agent, [1, 2], 2)
    await admin.setPassword('writer', 'second')
    const away = await eventually(
      async () => {
        await send(agent, 3, 4)
        return collector?.storeHealth.away
      },
      (seen) => seen?.fails === 'writing',
    )
    expect(away).toMatchObject({
      reason: expect.stringContaining('authorization failed'),
      cure: expect.stringContaining('check store.influx.username and password'),
    })
    expect(acks.at(-1)?.seq).toBe(2)
    await admin.setPassword('writer', 'first')
    await sendUntil(agent, [3, 4], 4)
    expect(await eventually(earnedUsd, (usd) => usd > 3.5 * MINUTE_USD)).toBeCloseTo(4 * MINUTE_USD, 6)
    await collector?.stop()
    collector = undefined
  } finally {
    await guarded.remove()
  }
})

test('a torn log stops only the ledger; repaired, it goes on in the running collector with every record', async () => {
  const path = join(folder, 'torn.duckdb')
  const store = createDuckdbStore({ path, memoryLimitMb: 128, log: SILENT })
  await store.open()
  await store.append('hall-1', { epoch: 7, seq: 2 }, [hour(1), hour(2)])
  await copyWhileOpen(store, path)
  await appendFile(`${path}.wal`, Buffer.alloc(4096))
  const settings = { store: 'duckdb', path, memoryLimitMb: 128 }
  const { storeHealth } = await start('none', settings)
  expect(storeHealth.away).toMatchObject({
    fails: 'opening',
    cure: expect.stringContaining('run perwatt-collector repair'),
  })
  const agent = await connect()
  await send(agent, 3, 4)
  const config = join(folder, 'torn.yaml')
  await writeFile(
    config,
    JSON.stringify({ site: { id: 'plains' }, dataFolder: folder, mqtt: { embedded: {} }, store: settings }),
  )
  await repair({ config, yes: true })
  await sendUntil(agent, [3, 4], 4)
  expect(await eventually(earnedUsd, (usd) => usd > 3.5 * MINUTE_USD)).toBeCloseTo(4 * MINUTE_USD, 6)
  expect(await ask<LossView[]>('/api/v1/losses')).toEqual([])
})
