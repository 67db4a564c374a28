import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt, { type MqttClient } from 'mqtt'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { Agent } from '../../agent/composition/agent.ts'
import { agentConfigSchema } from '../../agent/config/config.ts'
import { defineDriver } from '../../agent/plugin/driver.ts'
import { adopt, listClaims } from '../../collector/commands/devices.ts'
import { Collector } from '../../collector/composition/collector.ts'
import { CollectorConfigSchema } from '../../collector/config/config.ts'
import type { AlertView } from '../../collector/views/alert.ts'
import type { DeviceView } from '../../collector/views/device.ts'
import type { LedgerFigure } from '../../collector/views/ledger-figure.ts'
import type { SiteView } from '../../collector/views/site.ts'
import { encode } from '../../protocol/codec.ts'
import type { Device } from '../../protocol/device.ts'
import { encodeIntervals, type Interval } from '../../protocol/interval.ts'
import { parseConfig } from '../../protocol/kit/config.ts'
import { createLog } from '../../protocol/kit/log.ts'
import { encodeLive } from '../../protocol/sample.ts'
import { type Channel, topic } from '../../protocol/topics.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { eventually } from '../eventually.ts'
import { type Mosquitto, startMosquitto } from '../mosquitto.ts'

const TOKEN = 'a-token-of-this-test'
const OWNER = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.rig1' }

/** A miner of 1,000 W; the drivers differ only in their names, as a family's own and a generic one do. */
const miner = (name: string) =>
  defineDriver({
    name,
    summary: 'for this test',
    kind: 'asic',
    needsHost: true,
    requests: [],
    settings: z.strictObject({}),
    open: () => ({
      read: async () => [
        {
          identity: { kind: 'asic' as const },
          sample: {
            state: 'hashing' as const,
            powerW: 1000,
            hashrateHs: 1e14,
            holders: [{ owner: OWNER, share: 1 }],
          },
        },
      ],
    }),
  })
const DRIVERS = [miner('own'), miner('generic')]

/** Which agent a machine belongs to, on a real Mosquitto and a real DuckDB. */
describe('a machine that two agents read', () => {
  let broker: Mosquitto
  let folder: string
  let collector: Collector
  let url: string
  /** another for each test: the broker keeps the retained messages of the last one */
  let site: string
  let sites = 0
  const agents: Agent[] = []
  const clients: MqttClient[] = []
  const timers: NodeJS.Timeout[] = []

  beforeAll(async () => {
    broker = await startMosquitto()
  })
  afterAll(() => broker?.stop())
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perwatt-owners-'))
    writeFileSync(join(folder, 'token'), TOKEN)
    site = `plains-${++sites}`
    await startCollector()
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    for (const timer of timers.splice(0)) clearInterval(timer)
    await Promise.all(agents.splice(0).map((a) => a.stop()))
    await Promise.all(clients.splice(0).map((c) => c.endAsync()))
    await collector.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function startCollector() {
    const config = parseConfig(
      CollectorConfigSchema,
      JSON.stringify({
        site: { id: site },
        dataFolder: folder,
        mqtt: { url: broker.url },
        http: { port: 1, token: TOKEN },
        store: { store: 'duckdb', memoryLimitMb: 64 },
        ledger: { settleDelay: '1s' },
        workloads: [{ name: 'mining', kind: 'mining', match: [{ poolUrl: '*' }] }],
        prices: { energyUsdPerKwh: 0.05, btcUsd: 1e5, difficulty: 1e14, blockHeight: 9e5 },
        alerts: {
          rules: [
            { rule: 'owner-silent', after: '10s' },
            { rule: 'device-claimed', for: '0s', clearFor: '1s' },
          ],
        },
      }),
      'test',
    )
    // port 0: the system chooses a port, which a configuration file may not ask for
    config.http.port = 0
    const logged: string[] = []
    const log = createLog({ write: (line) => void logged.push(line) })
    collector = new Collector({ config, assets: {}, version: 'test', log, isSynchronised: async () => true })
    url = (await collector.start()).screenUrl
    // it looks for another collector of this site first; what is sent before it listens must be sent again
    await eventually(
      () => logged,
      (lines) => lines.some((line) => line.includes('listening to the agents')),
    )
  }

  const get = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } })
    return (await answer.json()) as T
  }
  const alerts = (rule: string) => async () =>
    (await get<AlertView[]>('/api/v1/alerts')).filter((a) => a.rule === rule)
  /** What a command prints. */
  const printed = async (
    run: (options: { config: string; url: string; tokenFile: string }) => Promise<void>,
  ) => {
    const lines: string[] = []
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
    await run({ config: '', url, tokenFile: join(folder, 'token') })
    vi.restoreAllMocks()
    return lines.join('')
  }

  it('under two names and drivers is shown as claimed, and added once', async () => {
    const start = (name: string, driver: string, id: string) => {
      const text = JSON.stringify({
        site,
        agent: name,
        mqtt: { url: broker.url },
        pollInterval: '1s',
        spool: { folder: join(folder, 'spool', name) },
        devices: [{ id, driver, host: '192.0.2.7' }],
      })
      const config = parseConfig(agentConfigSchema(DRIVERS), text, 'test')
      const agent = new Agent({
        config,
        drivers: DRIVERS,
        version: 'test',
        log: createLog({ write: () => {} }),
      })
      void agent.start()
      agents.push(agent)
    }
    start('a', 'own', 'rig1')
    await eventually(
      () => get<SiteView>('/api/v1/site'),
      (s) => s.powerW === 1000,
    )
    start('b', 'generic', 'hall-7')
    const devices = await eventually(
      () => get<DeviceView[]>('/api/v1/devices'),
      (all) => all.some((d) => d.agentId === 'b' && d.powerW === 1000 && !d.stale),
    )
    expect(devices.find((d) => d.agentId === 'b')?.claim).toEqual({
      agentId: 'a',
      deviceId: 'rig1',
      because: 'the address 192.0.2.7',
    })
    expect(await get<SiteView>('/api/v1/site')).toMatchObject({
      powerW: 1000,
      hashrateHs: 1e14,
      devices: 1,
      devicesReporting: 1,
    })
    const [alert] = await eventually(alerts('device-claimed'), (found) => found.length > 0)
    expect(alert?.summary).toContain('perwatt-collector devices adopt --agent b --owner a')
  })

  it('goes to the agent of a new host by one command, with what it recorded since the old one died', async () => {
    const lastMs = minuteOf(Date.now()) - MINUTE_MS
    const records = (from: number, to: number): Interval[] =>
      Array.from({ length: to - from }, (_, i) => ({
        deviceId: 'rig1',
        owner: OWNER,
        startMs: lastMs - (9 - from - i) * MINUTE_MS,
        durationMs: 60_000,
        coveredMs: 60_000,
        energyMilliJ: 60_000_000,
        workDiff1: 1_000,
      }))
    const connect = async (agent: string, intervals: Interval[]) => {
      const client = await mqtt.connectAsync(broker.url)
      clients.push(client)
      const send = (channel: Channel, message: unknown, retain = false) =>
        client.publishAsync(topic(site, agent, channel), encode(message), { qos: 1, retain })
      const device: Device = { deviceId: 'rig1', kind: 'asic', driver: 'own', address: '192.0.2.7' }
      await send('inventory', { v: 1, atMs: Date.now(), simulated: false, devices: [device] })
      await send('intervals', encodeIntervals({ epoch: 1, firstSeq: 1, oldestSeq: 1, intervals }, Date.now()))
      return send
    }
    const ledger = async () => {
      const figures = await get<LedgerFigure[]>(
        `/api/v1/ledger?from=${new Date(lastMs - 60 * MINUTE_MS).toISOString()}&to=${new Date().toISOString()}&step=1m&groupBy=agent`,
      )
      return figures.filter((f) => f.workDiff1 > 0).map((f) => [f.group, Date.parse(f.start)])
    }
    const minutes = (agent: string, from: number, to: number) =>
      records(from, to).map((r) => [agent, r.startMs])

    // minutes 0 to 4 of the last ten are the old host's, and the new one reads from minute 3
    await connect('old-host', records(0, 5))
    await eventually(ledger, (rows) => rows.length === 5)
    const send = await connect('new-host', records(3, 10))
    const live = () => {
      const sample = { deviceId: 'rig1', observedAtMs: Date.now(), state: 'hashing' as const, powerW: 1000 }
      void send('live', encodeLive([sample], Date.now()))
    }
    timers.push(setInterval(live, 1_000))

    const [alert] = await eventually(alerts('owner-silent'), (found) => found.length > 0, 90_000)
    expect(alert?.summary).toContain(
      'agent new-host reads its devices: rig1 (both have the name rig1); if it takes over: perwatt-collector devices adopt --agent new-host --owner old-host',
    )
    const listed = await printed(listClaims)
    expect(listed).toMatch(/new-host +rig1 +old-host +rig1 +the name rig1 +7 /)
    expect(await ledger()).toEqual(minutes('old-host', 0, 5))

    const answer = await printed((options) =>
      adopt([], {
        ...options,
        agent: 'new-host',
        owner: 'old-host',
        by: 'ann',
        reason: 'the old host burned',
      }),
    )
    expect(answer).toContain('adopted by ann (the old host burned)')
    const all = [...minutes('old-host', 0, 5), ...minutes('new-host', 5, 10)]
    const byTime = (rows: (string | number)[][]) => rows.toSorted((a, b) => Number(a[1]) - Number(b[1]))
    await eventually(ledger, (rows) => rows.length === 10)
    expect(byTime(await ledger())).toEqual(all)
    await eventually(alerts('owner-silent'), (found) => found.length === 0, 90_000)

    await collector.stop()
    await startCollector()
    await send(
      'intervals',
      encodeIntervals({ epoch: 1, firstSeq: 1, oldestSeq: 1, intervals: records(3, 10) }, Date.now()),
    )
    expect(byTime(await eventually(ledger, (rows) => rows.length === 10))).toEqual(all)
  })
})
