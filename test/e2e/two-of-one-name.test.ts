import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InfluxDB } from 'influx'
import mqtt from 'mqtt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Agent } from '../../agent/composition/agent.ts'
import { agentConfigSchema } from '../../agent/config/config.ts'
import { defineDriver } from '../../agent/plugin/driver.ts'
import { Collector } from '../../collector/composition/collector.ts'
import { CollectorConfigSchema } from '../../collector/config/config.ts'
import type { AlertView } from '../../collector/views/alert.ts'
import type { SiteView } from '../../collector/views/site.ts'
import { encode } from '../../protocol/codec.ts'
import { encodeIntervals } from '../../protocol/interval.ts'
import { parseConfig } from '../../protocol/kit/config.ts'
import { createLog } from '../../protocol/kit/log.ts'
import type { AckMessage } from '../../protocol/status.ts'
import { topic } from '../../protocol/topics.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { eventually } from '../eventually.ts'
import { startInfluxd } from '../influxd.ts'
import { freePort, type Mosquitto, startMosquitto } from '../mosquitto.ts'

const rig = defineDriver({
  name: 'rig',
  summary: 'for this test',
  kind: 'asic',
  needsHost: false,
  requests: [],
  settings: z.object({}),
  open: () => ({
    read: async () => [{ identity: { kind: 'asic' as const }, sample: { state: 'hashing', powerW: 1000 } }],
  }),
})

let folder: string
let broker: Mosquitto
let lines: Record<string, unknown>[]
const collectors: Collector[] = []
const agents: Agent[] = []
const log = createLog({ write: (line) => lines.push(JSON.parse(line)) })

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-twice-'))
  lines = []
  broker = await startMosquitto()
})
afterEach(async () => {
  await Promise.all(agents.splice(0).map((a) => a.stop()))
  await Promise.all(collectors.splice(0).map((c) => c.stop()))
  await broker.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A collector with a store of its own. @returns the address of its API */
async function startCollector(name: string, mqtt: unknown, more: object = {}): Promise<string> {
  const text = JSON.stringify({
    site: { id: 'plains' },
    dataFolder: join(folder, name),
    mqtt,
    http: { port: 1 },
    ...more,
  })
  const config = parseConfig(CollectorConfigSchema, text, 'test')
  config.http.port = 0
  const collector = new Collector({
    config,
    assets: {},
    version: 'test',
    log: log.child({ collector: name }),
  })
  collectors.push(collector)
  return (await collector.start()).screenUrl
}

function startAgent(spool: string, url: string): Agent {
  const text = JSON.stringify({
    site: 'plains',
    agent: 'hall',
    mqtt: { url },
    pollInterval: '1s',
    spool: { folder: join(folder, spool) },
    devices: [{ id: 'rig-1', driver: 'rig' }],
  })
  const config = parseConfig(agentConfigSchema([rig]), text, 'test')
  const agent = new Agent({ config, drivers: [rig], version: 'test', log: log.child({ spool }) })
  void agent.start()
  agents.push(agent)
  return agent
}

/** Sends one record as an agent that has acknowledged all before it. @returns the number that is acknowledged */
async function acknowledged(url: string, seq: number): Promise<number | undefined> {
  const client = await mqtt.connectAsync(url, { clientId: 'perwatt-plains-hall' })
  const acks: AckMessage[] = []
  client.on('message', (_, payload) => acks.push(JSON.parse(payload.toString()) as AckMessage))
  await client.subscribeAsync(topic('plains', 'hall', 'ack'))
  const startMs = minuteOf(Date.now()) - (10 - seq) * MINUTE_MS
  const record = {
    deviceId: 'rig-1',
    owner: {},
    startMs,
    durationMs: MINUTE_MS,
    coveredMs: MINUTE_MS,
    energyMilliJ: 1000,
  }
  const batch = { epoch: 7, firstSeq: seq, oldestSeq: seq, intervals: [record] }
  const message = Buffer.from(encode(encodeIntervals(batch, Date.now())))
  const found = await eventually(
    async () => {
      await client.publishAsync(topic('plains', 'hall', 'intervals'), message, { qos: 1 })
      return acks.at(-1)?.seq
    },
    (number) => number === seq,
  )
  await client.endAsync(true)
  return found
}

const alertOf = async (url: string, rule: string): Promise<AlertView | undefined> =>
  ((await (await fetch(`${url}/api/v1/alerts`)).json()) as AlertView[]).find((a) => a.rule === rule)
const logged = (part: Record<string, unknown>) =>
  eventually(
    () => lines.filter((line) => Object.entries(part).every(([key, value]) => line[key] === value)),
    (found) => found.length > 0,
  )

describe('two agents of one name', () => {
  it.each(['a broker of the site', 'the embedded broker'])(
    'at %s are told by name and place, and the second rests while the first goes on',
    async (where) => {
      const port = await freePort()
      const url = where === 'the embedded broker' ? `mqtt://127.0.0.1:${port}` : broker.url
      const screens = await startCollector(
        'one',
        where === 'the embedded broker' ? { embedded: { port } } : { url },
      )
      startAgent('first', url)
      await logged({ spool: 'first', event: 'connected to the broker' })
      startAgent('second', url)
      const alert = await eventually(
        () => alertOf(screens, 'name-twice'),
        (found) => found !== undefined,
      )
      expect(alert?.subject).toEqual({ agentId: 'hall' })
      expect(alert?.summary).toMatch(
        /^two agents have the name hall: on .+, and since later on .+, which rests/,
      )
      const event =
        'another agent has this name; stop it, or give one of the two a name and a spool.folder of its own'
      await logged({ spool: 'first', event })
      const rests = 'the other agent of this name has the connection; this one rests'
      await logged({ spool: 'second', event: rests })
      expect(lines.filter((line) => line['event'] === rests && line['spool'] === 'first')).toEqual([])
      // the second takes the place of the first once that has ended
      await agents.shift()?.stop()
      const connected = 'connected to the broker'
      await eventually(
        () =>
          lines
            .filter((line) => line['spool'] === 'second')
            .findLast(({ event }) => event === connected || event === rests),
        (line) => line?.['event'] === connected,
      )
    },
  )
})

describe('two collectors of one site', () => {
  it('at one broker: the second stands by, takes no records, and both say so', async () => {
    const first = await startCollector('one', { url: broker.url })
    await logged({ collector: 'one', event: 'listening to the agents' })
    const second = await startCollector('two', { url: broker.url })
    await logged({
      collector: 'two',
      event:
        'another collector has this site; this one stands by. Stop one of the two, or give it a site.id of its own',
    })
    for (const url of [first, second]) {
      const alert = await eventually(
        () => alertOf(url, 'name-twice'),
        (found) => found !== undefined,
      )
      expect(alert?.summary).toMatch(
        /^two collectors serve site plains: the one on .+ has it, the one on .+ stands by/,
      )
    }
    startAgent('only', broker.url)
    const agentsOf = async (url: string) =>
      ((await (await fetch(`${url}/api/v1/site`)).json()) as SiteView).agents.map((a) => a.agentId)
    await eventually(
      () => agentsOf(first),
      (all) => all.includes('hall'),
    )
    expect(await agentsOf(second)).toEqual([])
    expect(lines.filter((l) => l['event'] === 'listening to the agents').map((l) => l['collector'])).toEqual([
      'one',
    ])
  })

  it('in one InfluxDB, each with a broker of its own: the later one stands by, and both say so', async () => {
    const influxd = await startInfluxd()
    const store = (btcUsd: number) => ({
      store: { store: 'influx', url: influxd.url },
      prices: { btcUsd },
    })
    const first = await startCollector('one', { url: broker.url }, store(61_000))
    await logged({ collector: 'one', event: 'listening to the agents' })
    const port = await freePort()
    // it starts with the prices of an earlier stop
    mkdirSync(join(folder, 'two'))
    writeFileSync(join(folder, 'two', 'quotes.json'), JSON.stringify({ v: 1, quotes: [] }))
    const second = await startCollector('two', { embedded: { port } }, store(62_000))
    for (const url of [first, second]) {
      const alert = await eventually(
        () => alertOf(url, 'name-twice'),
        (found) => found !== undefined,
        120_000,
      )
      expect(alert?.summary).toMatch(/^two collectors use the same influx database: the one on .+ has it/)
    }
    // a database that answers late is taken for away: the live screens then run before it is known who has it
    const begun = () =>
      lines.filter((l) => l['collector'] === 'two' && l['event'] === 'listening to the agents').length
    const begunBefore = begun()
    expect(await acknowledged(broker.url, 1)).toBe(1)
    // the second has prices of its own, and stores none of them
    const database = new InfluxDB({
      host: '127.0.0.1',
      port: Number(new URL(influxd.url).port),
      database: 'perwatt',
    })
    const stored = async () => {
      const rows = await database.query<{ value: number }>(
        'SELECT value FROM quote WHERE "name" = \'btcUsd\'',
      )
      return [...new Set(rows.map(({ value }) => value))]
    }
    const btcUsd = async (url: string) =>
      ((await (await fetch(`${url}/api/v1/site`)).json()) as SiteView).prices.find((q) => q.name === 'btcUsd')
        ?.value
    await eventually(
      () => btcUsd(second),
      (value) => value === 62_000,
    )
    expect(await stored()).toEqual([61_000])
    expect(await btcUsd(first)).toBe(61_000)
    expect(begun()).toBe(begunBefore)
    await collectors.shift()?.stop()
    await eventually(begun, (times) => times > begunBefore)
    // the agent has trimmed record 1: the second knows that it is stored
    expect(await acknowledged(`mqtt://127.0.0.1:${port}`, 2)).toBe(2)
    expect(await (await fetch(`${second}/api/v1/losses`)).json()).toEqual([])
    // its prices count from the take-over, behind those of the first
    await eventually(stored, (values) => values.length === 2)
    expect(await stored()).toEqual([61_000, 62_000])
    await collectors.shift()?.stop()
    await influxd.remove()
  })
})
