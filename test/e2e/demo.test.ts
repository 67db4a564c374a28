import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt, { type MqttClient } from 'mqtt'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeviceView } from '../../collector/views/device.ts'
import type { LedgerFigure } from '../../collector/views/ledger-figure.ts'
import type { SiteView } from '../../collector/views/site.ts'
import type { WorkloadView } from '../../collector/views/workload.ts'
import { decode } from '../../protocol/codec.ts'
import {
  decodeIntervals,
  type Interval,
  IntervalMessageSchema,
  intervalKey,
} from '../../protocol/interval.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { launchChromium } from '../chromium.ts'
import { eventually } from '../eventually.ts'
import { freePort } from '../mosquitto.ts'
import { type Demo, processesOf, startDemo } from './demo-process.ts'

/** The README's first command with real processes, real wire protocols and a real browser. */
describe('the demo site', () => {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-demo-'))
  const base = `127.${100 + (process.pid % 100)}.7.1`
  let demo: Demo
  let browser: Browser
  let listener: MqttClient
  let taken: Server
  let port: number
  const records = new Map<string, Interval>()

  const get = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${demo.url}${path}`)
    expect(answer.status, path).toBe(200)
    return (await answer.json()) as T
  }
  const site = () => get<SiteView>('/api/v1/site')

  /** Subscribes to the agents' messages, beside the collector. */
  const listen = (brokerPort: number) => {
    const client = mqtt.connect(`mqtt://127.0.0.1:${brokerPort}`, { clientId: 'onlooker' })
    client.subscribe('perwatt/1/demo/+/intervals')
    client.on('message', (_topic, payload) => {
      const m = decode(IntervalMessageSchema, payload)
      if (m.ok) for (const r of decodeIntervals(m.value).intervals) records.set(intervalKey(r), r)
    })
    return client
  }

  beforeAll(async () => {
    port = await freePort()
    // the port that the demo should take is in use
    taken = createServer()
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve))
    browser = await launchChromium()
    demo = await startDemo({ folder, port, brokerPort: await freePort(), base })
    listener = listen(demo.brokerPort)
  })

  afterAll(async () => {
    listener?.end(true)
    await demo?.interrupt()
    await browser?.close()
    taken?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('takes the next free port where one is taken, and says so', () => {
    expect(demo.output()).toContain(`port ${port} is taken; the screens use `)
    expect(demo.url).not.toContain(`:${port}`)
  })

  it('reads 40 miners of three families, 16 GPUs, an LLM server, a meter and this machine, through agents of their own', async () => {
    await eventually(site, (s) => s.devicesReporting >= 60)
    const devices = await get<DeviceView[]>('/api/v1/devices')
    const count = (driver: string) => devices.filter((d) => d.driver === driver).length
    expect(count('antminer') + count('whatsminer') + count('avalon')).toBeGreaterThanOrEqual(40)
    for (const family of ['antminer', 'whatsminer', 'avalon']) expect(count(family)).toBeGreaterThan(3)
    expect(count('dcgm')).toBe(16)
    expect([count('llm-server'), count('modbus-meter'), count('host')]).toEqual([1, 1, 1])
    expect(demo.children().size).toBe(4)
  })

  it('marks everything but this machine as simulated', async () => {
    expect((await site()).simulated).toBe(true)
    const devices = await get<DeviceView[]>('/api/v1/devices')
    expect(devices.filter((d) => !d.simulated).map((d) => d.driver)).toEqual(['host'])
    expect(devices.find((d) => d.driver === 'host')).toMatchObject({
      memoryTotalBytes: expect.any(Number),
      state: 'ok',
    })
  })

  it('earns in every workload, live', async () => {
    const workloads = await eventually(
      () => get<WorkloadView[]>('/api/v1/workloads'),
      (all) =>
        ['mining', 'inference'].every((name) => all.some((w) => w.workload === name && w.revenueUsdPerH > 0)),
    )
    const s = await site()
    const power = workloads.reduce((sum, w) => sum + w.powerW, 0)
    // two readings a moment apart differ by the meter's noise
    expect(Math.abs(power - s.powerW) / s.powerW).toBeLessThan(0.05)
    expect(workloads.map((w) => w.workload)).toEqual(
      expect.arrayContaining(['mining', 'h100-rental', 'l40s-rental', 'inference', 'idle', 'overhead']),
    )
  })

  it('keeps a ledger whose workloads add up to the site meter, to the millijoule, however it is grouped', async () => {
    const metered = (minute: number) =>
      [...records.values()]
        .filter((r) => r.deviceId === 'site-meter' && minuteOf(r.startMs) === minute)
        .reduce((sum, r) => sum + (r.energyMilliJ ?? 0), 0)
    const lastMinute = ({ ledgerThroughMs = 0 }: SiteView) => ledgerThroughMs - MINUTE_MS
    // in the minute of the start the meter may not have been read twice
    const minute = lastMinute(await eventually(site, (s) => metered(lastMinute(s)) > 0, 210_000))
    const range = `from=${new Date(minute).toISOString()}&to=${new Date(minute + MINUTE_MS).toISOString()}&step=1m`
    const meterMilliJ = () => metered(minute)
    for (const groupBy of ['workload', 'device', 'container', 'rack', 'site']) {
      const figures = await get<LedgerFigure[]>(`/api/v1/ledger?${range}&groupBy=${groupBy}`)
      const milliJ = figures.reduce((sum, f) => sum + Math.round(f.energyJ * 1000), 0)
      expect(milliJ, groupBy).toBe(meterMilliJ())
    }
    const mining = (await get<LedgerFigure[]>(`/api/v1/ledger?${range}`)).find((f) => f.group === 'mining')
    expect(mining?.workDiff1).toBeGreaterThan(0)
    expect(mining?.revenueUsd).toBeGreaterThan(0)
  })

  it('names a stopped agent on the wall within three polls, counts none of its figures, and shows it as well when it goes on', async () => {
    const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } })
    const errors: string[] = []
    page.on('console', (m) => m.type() === 'error' && errors.push(m.text()))
    page.on('pageerror', (e) => errors.push(e.message))
    await page.goto(`${demo.url}/wall`)
    const body = async () => (await page.locator('body').textContent()) ?? ''
    await eventually(body, (text) => text.includes('SIMULATED') && text.includes('3 of 3 agents'))
    const first = await body()
    await eventually(body, (text) => text !== first)
    const mining = demo.children().get('mining') as number
    process.kill(mining, 'SIGSTOP')
    try {
      // stale after three polls of 10 s; the broker may miss its keep-alive before, and then it is offline
      const silent = page.locator('.banner.silent').filter({ hasText: /mining (?:stale|offline)/ })
      await eventually(
        async () => ((await silent.count()) > 0 ? await silent.textContent() : ''),
        (text) => /mining (?:stale|offline) 00:[1-5]\d/.test(text ?? ''),
      )
      const s = await eventually(site, ({ hashrateHs }) => hashrateHs === 0)
      expect(s.agents.find((a) => a.agentId === 'mining')?.state).toMatch(/stale|offline/)
    } finally {
      process.kill(mining, 'SIGCONT')
    }
    await eventually(body, (text) => text.includes('3 of 3 agents'), 120_000)
    expect(errors).toEqual([])
    await page.close()
  })

  it('starts an agent again that was killed', async () => {
    const before = demo.children().get('gpu') as number
    process.kill(before, 'SIGKILL')
    await eventually(
      () => demo.children().get('gpu'),
      (pid) => pid !== undefined && pid !== before,
    )
    await eventually(site, (s) => s.agents.every((a) => a.state === 'online'), 120_000)
  })

  it('stops with nothing left running, and goes on with its history at the next start', async () => {
    const before = await get<LedgerFigure[]>('/api/v1/ledger?groupBy=site')
    const { status } = await demo.interrupt()
    // what does not end in time is killed, and that is another status
    expect(status).toBe(0)
    expect([...processesOf(folder).values()]).toEqual([])
    listener.end(true)
    demo = await startDemo({ folder, port, brokerPort: await freePort(), base })
    const after = await get<LedgerFigure[]>('/api/v1/ledger?groupBy=site')
    expect(after.slice(0, before.length - 1)).toEqual(before.slice(0, -1))
    expect(after.length).toBeGreaterThanOrEqual(before.length)
    await eventually(site, (s) => s.devicesReporting >= 60)
  })
})
