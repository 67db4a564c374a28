import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt, { type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEmbeddedBroker } from '../../collector/broker/embedded.ts'
import { Collector } from '../../collector/composition/collector.ts'
import { CollectorConfigSchema } from '../../collector/config/config.ts'
import { type AdviceMessage, AdviceMessageSchema } from '../../protocol/advice.ts'
import { decode, encode } from '../../protocol/codec.ts'
import { parseConfig } from '../../protocol/kit/config.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import { encodeLive } from '../../protocol/sample.ts'
import { adviceTopic, topic } from '../../protocol/topics.ts'
import { eventually } from '../eventually.ts'
import { type Mosquitto, startMosquitto } from '../mosquitto.ts'

const SITE = 'plains'

/** A controller of another vendor: it reads retained messages alone. */
async function heardBy(url: string): Promise<AdviceMessage | undefined> {
  const clientId = `controller-${Math.random()}`
  const client = await mqtt.connectAsync(url, { clientId })
  try {
    const message = new Promise<AdviceMessage | undefined>((resolve) => {
      client.on('message', (topic, payload, { retain }) => {
        if (topic === clientId) return resolve(undefined)
        const found = decode(AdviceMessageSchema, payload)
        resolve(found.ok && retain ? found.value : undefined)
      })
    })
    await client.subscribeAsync(adviceTopic(SITE))
    // the broker keeps the order: what it retains is delivered before this, and nothing is retained where this comes first
    await client.subscribeAsync(clientId)
    await client.publishAsync(clientId, 'end')
    return await message
  } finally {
    await client.endAsync(true)
  }
}

describe('the advice on the broker', () => {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-advice-'))
  let broker: Mosquitto
  let collector: Collector
  let agent: MqttClient

  beforeAll(async () => {
    broker = await startMosquitto()
    const config = parseConfig(
      CollectorConfigSchema,
      JSON.stringify({
        site: { id: SITE },
        dataFolder: folder,
        mqtt: { url: broker.url },
        http: { port: 1 },
        store: { store: 'duckdb', memoryLimitMb: 64 },
        workloads: [{ name: 'mining', kind: 'mining', match: [{ poolUrl: '*' }] }],
        prices: { energyUsdPerKwh: 0.5, btcUsd: 1e5, difficulty: 1e14, blockHeight: 9e5 },
      }),
      'test',
    )
    // port 0: the system chooses a port, which a configuration file may not ask for
    config.http.port = 0
    collector = new Collector({ config, assets: {}, version: 'test', log: SILENT })
    await collector.start()
    agent = mqtt.connect(broker.url, { clientId: `perwatt-${SITE}-a`, reconnectPeriod: 200 })
  })
  afterAll(async () => {
    await agent?.endAsync(true)
    await collector?.stop()
    await broker?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const speak = () => {
    const device = { deviceId: 'rig', kind: 'asic' as const, driver: 'd', model: 'S21' }
    const owner = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'x' }
    const sample = {
      deviceId: 'rig',
      observedAtMs: Date.now(),
      state: 'hashing' as const,
      powerW: 3500,
      hashrateHs: 200e12,
      holders: [{ owner, share: 1 }],
    }
    agent.publish(
      topic(SITE, 'a', 'inventory'),
      encode({ v: 1, atMs: Date.now(), simulated: false, devices: [device] }),
      { qos: 1, retain: true },
    )
    agent.publish(topic(SITE, 'a', 'live'), encode(encodeLive([sample], Date.now())))
  }
  const block = (m: AdviceMessage | undefined) => m?.blocks.find((b) => b.model === 'S21')
  const isHeard = async () => {
    speak()
    return heardBy(broker.url)
  }

  it('is retained for readers that come later, with its arithmetic', async () => {
    const message = await eventually(isHeard, (m) => block(m) !== undefined)
    expect(block(message)).toMatchObject({
      workload: 'mining',
      // 62.86 USD/PH/day at 17.5 J/TH break even at 0.15 USD/kWh
      pause: { now: true, aboveUsdPerKwh: expect.closeTo(0.1497, 3), arithmetic: expect.anything() },
    })
  })

  it('comes back with a broker that forgot what it retained', async () => {
    await broker.kill()
    await broker.restart()
    const message = await eventually(isHeard, (m) => m !== undefined)
    expect(message?.v).toBe(1)
  })

  it('comes from the collector alone: the embedded broker refuses other publishers', async () => {
    const embedded = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, site: SITE, log: SILENT })
    const url = `mqtt://127.0.0.1:${embedded.port}`
    const client = mqtt.connect(url, { clientId: `perwatt-${SITE}-a`, reconnectPeriod: 0 })
    try {
      client.publish(adviceTopic(SITE), '{}', { retain: true, qos: 1 })
      // the broker closes the connection of a client that publishes there
      await new Promise<void>((resolve) => client.once('close', resolve))
      expect(await heardBy(url)).toBeUndefined()
    } finally {
      await client.endAsync(true)
      await embedded.close()
    }
  })
})
