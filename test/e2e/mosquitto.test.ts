import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt from 'mqtt'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Agent } from '../../agent/composition/agent.ts'
import { agentConfigSchema } from '../../agent/config/config.ts'
import { defineDriver } from '../../agent/plugin/driver.ts'
import { Collector } from '../../collector/composition/collector.ts'
import { CollectorConfigSchema } from '../../collector/config/config.ts'
import type { DeviceView } from '../../collector/views/device.ts'
import type { LedgerFigure } from '../../collector/views/ledger-figure.ts'
import type { SiteView } from '../../collector/views/site.ts'
import { encodeIntervals } from '../../protocol/interval.ts'
import { parseConfig } from '../../protocol/kit/config.ts'
import { createLog } from '../../protocol/kit/log.ts'
import { encodeLive } from '../../protocol/sample.ts'
import { eventually } from '../eventually.ts'
import { type Mosquitto, startMosquitto } from '../mosquitto.ts'

/** When the metronome was read, steady clock. */
const readsMs: number[] = []

/** A miner whose counters follow this process's clock: 1,000 W, and one difficulty-1 share a millisecond. */
const metronome = defineDriver({
  name: 'metronome',
  summary: 'for this test',
  kind: 'asic',
  needsHost: false,
  requests: [],
  settings: z.object({}),
  open: () => ({
    async read() {
      readsMs.push(performance.now())
      const owner = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.rig1' }
      return [
        {
          identity: { kind: 'asic' as const, model: 'Metronome' },
          sample: {
            state: 'hashing' as const,
            powerW: 1000,
            hashrateHs: 1e14,
            holders: [{ owner, share: 1 }],
          },
          counters: {
            energyJ: performance.now(),
            byOwner: [{ owner, workDiff1: Math.floor(performance.now()) }],
          },
        },
      ]
    },
  }),
})

/** Mosquitto in place of the embedded broker: restarts, foreign clients and invalid messages. */
describe('a site on Mosquitto', () => {
  let broker: Mosquitto
  let folder: string
  let collector: Collector
  let url: string
  let lines: string[]
  const agents: Agent[] = []

  beforeAll(async () => {
    broker = await startMosquitto()
  })
  afterAll(() => broker?.stop())

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perwatt-site-'))
    lines = []
    readsMs.length = 0
    await startCollector()
  })
  afterEach(async () => {
    await Promise.all(agents.splice(0).map((a) => a.stop()))
    await collector.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function startCollector(simulated = false) {
    const config = parseConfig(
      CollectorConfigSchema,
      JSON.stringify({
        site: { id: 'plains', simulated },
        dataFolder: folder,
        mqtt: { url: broker.url },
        http: { port: 1 },
        store: { store: 'duckdb', memoryLimitMb: 64 },
        ledger: { settleDelay: '1s' },
        workloads: [{ name: 'mining', kind: 'mining', match: [{ poolUrl: '*' }] }],
        prices: { energyUsdPerKwh: 0.05, btcUsd: 1e5, difficulty: 1e14, blockHeight: 9e5 },
      }),
      'test',
    )
    // port 0: the system chooses a port, which a configuration file may not ask for
    config.http.port = 0
    collector = new Collector({
      config,
      assets: {},
      version: 'test',
      log: createLog({ write: (line) => lines.push(line) }),
    })
    url = (await collector.start()).screenUrl
  }

  function startAgent(name: string, more: { simulated?: boolean; aheadMs?: number } = {}) {
    const config = parseConfig(
      agentConfigSchema([metronome]),
      JSON.stringify({
        site: 'plains',
        agent: name,
        simulated: more.simulated ?? false,
        mqtt: { url: broker.url },
        pollInterval: '1s',
        spool: { folder: join(folder, 'spool', name) },
        // a machine of its own: two agents that read one are paid once
        devices: [{ id: `${name}-rig`, driver: 'metronome', host: `${name}.example` }],
      }),
      'test',
    )
    const agent = new Agent({
      config,
      drivers: [metronome],
      version: 'test',
      log: createLog({ write: (line) => lines.push(line) }),
      clock: { now: () => ({ wallMs: Date.now() + (more.aheadMs ?? 0), steadyMs: performance.now() }) },
    })
    void agent.start()
    agents.push(agent)
    return agent
  }

  /** Resolves when the readings of an agent span this time. The newest reading may not be in its records yet. */
  const readingsSpan = (ms: number) =>
    eventually(
      () => (readsMs.at(-2) ?? 0) - (readsMs[0] ?? 0),
      (span) => span >= ms,
    )
  const get = async <T>(path: string) => (await (await fetch(`${url}${path}`)).json()) as T
  const site = () => get<SiteView>('/api/v1/site')
  const ledger = () => get<LedgerFigure[]>('/api/v1/ledger')
  const logged = (event: string) =>
    lines.filter((l) => l.includes(`"event":"${event}"`)).map((l) => JSON.parse(l))

  it('shows live figures, and takes what an agent holds when it stops', async () => {
    const agent = startAgent('a')
    await eventually(site, (s) => s.powerW === 1000 && s.agents[0]?.state === 'online')
    await readingsSpan(2500)
    await agent.stop()
    agents.pop()
    await eventually(site, (s) => s.agents[0]?.state === 'offline')
    const figures = await eventually(ledger, (f) => f.reduce((sum, x) => sum + x.workDiff1, 0) > 2000, 90_000)
    // at one share a millisecond and 1,000 W they agree but for the time that the answers took, which load makes longer
    const sum = figures.reduce((a, f) => ({ joules: a.joules + f.energyJ, work: a.work + f.workDiff1 }), {
      joules: 0,
      work: 0,
    })
    expect(sum.joules / sum.work).toBeCloseTo(1, 1)
  })

  it('goes on after the broker was killed and has forgotten everything', async () => {
    startAgent('a')
    await eventually(site, (s) => s.devicesReporting === 1)
    await broker.kill()
    await eventually(site, (s) => s.agents[0]?.state !== 'online')
    await broker.restart()
    await eventually(site, (s) => s.devicesReporting === 1 && s.agents[0]?.state === 'online', 120_000)
  })

  it('counts and keeps what it cannot read, and is harmed by none of it', async () => {
    startAgent('a')
    await eventually(site, (s) => s.devicesReporting === 1)
    const stranger = await mqtt.connectAsync(broker.url)
    const send = (topic: string, payload: string | Buffer) =>
      stranger.publishAsync(topic, payload, { qos: 1 })
    await send('perwatt/1/plains/x/live', 'not JSON {')
    await send('perwatt/1/plains/x/live', Buffer.alloc(3 << 20, 'x'))
    await send(
      'perwatt/1/plains/x/inventory',
      JSON.stringify({ v: 1, atMs: 1, simulated: false, devices: [{ deviceId: '../../etc' }] }),
    )
    await send('perwatt/1/plains/x/status', JSON.stringify({ v: 9 }))
    await send(
      'perwatt/1/plains/x/intervals',
      JSON.stringify({
        ...encodeIntervals({ epoch: 1, firstSeq: 1, oldestSeq: 1, intervals: [] }, 1),
        owner: ['?'],
      }),
    )
    await send(
      'perwatt/1/elsewhere/x/live',
      JSON.stringify(encodeLive([{ deviceId: 'a', observedAtMs: 1, state: 'ok', powerW: 1e9 }], 1)),
    )
    await send('perwatt/1/plains/a/b/c', 'wrong topic')
    await stranger.endAsync()
    await eventually(
      () => logged('message put aside; more of this kind will only be counted'),
      (l) => l.length >= 5,
    )
    const reasons = logged('message put aside; more of this kind will only be counted').map(
      (l) => l.reason as string,
    )
    expect(reasons).toEqual(
      expect.arrayContaining([
        expect.stringContaining('not JSON'),
        expect.stringContaining('3145728 bytes, at most 1048576 are read'),
        expect.stringContaining('devices[0].deviceId: expected'),
        expect.stringContaining('v: expected 1, got 9'),
        expect.stringContaining('owner'),
      ]),
    )
    const s = await eventually(site, (x) => x.devicesReporting === 1)
    expect(s.powerW).toBe(1000)
    expect((await get<DeviceView[]>('/api/v1/devices')).map((d) => d.deviceId)).toEqual(['a-rig'])
  })

  it.each([
    ['ahead', 3_600_000],
    ['behind', -3_600_000],
  ])(
    'shows an agent whose clock is an hour %s, and takes its records in their right minute once it is set',
    async (name, aheadMs) => {
      const agent = startAgent(name, { aheadMs })
      const s = await eventually(site, (x) => x.devicesReporting === 1)
      expect(s.agents.find((a) => a.agentId === name)?.state).toBe('online')
      await readingsSpan(1000)
      await agent.stop()
      agents.pop()
      expect(agent.spool.state().held).toBeGreaterThan(0)
      const from = new Date(Date.now() - 2 * 3_600_000).toISOString()
      const all = () =>
        get<LedgerFigure[]>(
          `/api/v1/ledger?from=${from}&to=${new Date(Date.now() + 7_200_000).toISOString()}`,
        )
      expect(await all()).toEqual([])
      startAgent(name)
      const figures = await eventually(all, (f) => f.length > 0, 90_000)
      for (const { start } of figures)
        expect(Math.abs(Date.now() - Date.parse(start))).toBeLessThan(10 * 60_000)
    },
  )

  it('refuses an agent with emulated machines, unless the site is a simulated one', async () => {
    startAgent('toy', { simulated: true })
    await eventually(
      () => lines,
      (all) => all.some((l) => l.includes('this agent reads emulated machines')),
    )
    expect((await site()).devices).toBe(0)
    await collector.stop()
    await startCollector(true)
    const s = await eventually(site, (x) => x.devicesReporting === 1, 120_000)
    expect(s.simulated).toBe(true)
  })
})
