import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { MetricsSchema } from '../../../agent/config/metrics-config.ts'
import { AgentHealth } from '../../../agent/metrics/agent-health.ts'
import { type AgentSources, agentPage } from '../../../agent/metrics/agent-page.ts'
import { MetricsListener } from '../../../agent/metrics/listener.ts'
import { createLog, SILENT } from '../../../protocol/kit/log.ts'
import { Secret } from '../../../protocol/kit/secret.ts'
import { hasPrometheus, promtoolFaults } from '../../promtool.ts'

const listeners: MetricsListener[] = []
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.stop()))
})

function sources(): AgentSources {
  const health = new AgentHealth()
  health.polled({ device: 'm1', driver: 'antminer', ok: true, tookMs: 40 }, 1_000)
  health.polled({ device: 'm1', driver: 'antminer', ok: false, tookMs: 5_000 }, 11_000)
  health.polled({ device: 'm2', driver: 'auto', ok: false, tookMs: 5_000 }, 11_000)
  health.published('live', 900, true)
  health.published('intervals', 900, false)
  return {
    ...{ site: 'plains', agent: 'edge', version: '1.2.3', spoolLimitBytes: 2 ** 30, health },
    states: () => ['hashing', 'unreachable'],
    status: () => ({
      v: 1,
      state: 'online',
      atMs: 12_000,
      version: '1.2.3',
      simulated: false,
      pollS: 10,
      spool: { records: 3, bytes: 400, oldestMs: 6_000, lost: 2, disk: 'full' },
      delivery: { unansweredS: 33 },
      clockOffsetMs: -1_500,
    }),
    isConnected: () => true,
    steadyMs: () => 16_000,
  }
}

async function start(token?: string) {
  const secret = token === undefined ? undefined : new Secret(token)
  const listener = new MetricsListener(
    { host: '127.0.0.1', port: 0, token: secret },
    agentPage(sources()),
    SILENT,
  )
  listeners.push(listener)
  await listener.start()
  return (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${listener.port}${path}`, init)
}

describe('the agent’s page', () => {
  it('has ages, polls and failures of each device, spool, link and clock', async () => {
    const page = await (await (await start())('/metrics')).text()
    const lines = page.split('\n').filter((line) => /^perwatt_agent_/.test(line) && !line.includes('_bucket'))
    expect(lines).toEqual([
      'perwatt_agent_info{site="plains",agent="edge"} 1',
      'perwatt_agent_simulated 0',
      'perwatt_agent_devices{state="hashing"} 1',
      'perwatt_agent_devices{state="unreachable"} 1',
      'perwatt_agent_reading_age_seconds{device="m1",driver="antminer"} 15',
      'perwatt_agent_polls_total{device="m1",driver="antminer"} 2',
      'perwatt_agent_polls_total{device="m2",driver="auto"} 1',
      'perwatt_agent_poll_failures_total{device="m1",driver="antminer"} 1',
      'perwatt_agent_poll_failures_total{device="m2",driver="auto"} 1',
      'perwatt_agent_poll_seconds_sum{driver="antminer"} 5.04',
      'perwatt_agent_poll_seconds_count{driver="antminer"} 2',
      'perwatt_agent_poll_seconds_sum{driver="auto"} 5',
      'perwatt_agent_poll_seconds_count{driver="auto"} 1',
      'perwatt_agent_spool_records 3',
      'perwatt_agent_spool_bytes 400',
      'perwatt_agent_spool_limit_bytes 1073741824',
      'perwatt_agent_spool_oldest_timestamp_seconds 6',
      'perwatt_agent_spool_held_records 0',
      'perwatt_agent_spool_lost_records_total 2',
      'perwatt_agent_spool_disk_ok 0',
      'perwatt_agent_unanswered_seconds 33',
      'perwatt_agent_broker_connected 1',
      'perwatt_agent_messages_sent_total{channel="live"} 1',
      'perwatt_agent_messages_sent_bytes_total{channel="live"} 900',
      'perwatt_agent_messages_dropped_total{channel="intervals"} 1',
      'perwatt_agent_clock_offset_seconds -1.5',
    ])
  })

  it.skipIf(!hasPrometheus)(
    'is clean by promtool (skipped where Debian’s prometheus is not installed)',
    async () => {
      expect(promtoolFaults(await (await (await start())('/metrics')).text())).toBe('')
    },
  )

  it('needs the token where there is one, and is the only page', async () => {
    const get = await start('secret-word')
    const headers = { authorization: 'Bearer secret-word' }
    expect((await get('/metrics')).status).toBe(401)
    expect((await get('/metrics', { headers: { authorization: 'Bearer other' } })).status).toBe(401)
    expect((await get('/metrics', { headers })).status).toBe(200)
    expect((await get('/', { headers })).status).toBe(404)
    expect((await get('/metrics', { headers, method: 'POST' })).status).toBe(405)
  })

  it('without a token answers to no name but this computer’s: a web page could have one that leads here', async () => {
    const get = await start()
    const { request } = await import('node:http')
    const statusFor = (host: string) =>
      new Promise<number | undefined>((resolve, reject) =>
        request(`http://127.0.0.1:${listeners[0]?.port}/metrics`, { headers: { host } }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
          .on('error', reject)
          .end(),
      )
    expect((await get('/metrics')).status).toBe(200)
    expect(await statusFor('localhost:8081')).toBe(200)
    expect(await statusFor('evil.example:8081')).toBe(403)
  })

  it('is told in the log where its port is taken, and nothing is thrown', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const lines: string[] = []
    const log = createLog({ write: (line) => lines.push(line) })
    const listener = new MetricsListener({ host: '127.0.0.1', port }, agentPage(sources()), log)
    listeners.push(listener)
    await listener.start()
    expect(lines.join()).toContain('EADDRINUSE')
    await new Promise<void>((resolve) => other.close(() => resolve()))
  })
})

describe('its settings', () => {
  it('are on loopback by default, and need a token beyond it', () => {
    expect(MetricsSchema.parse({})).toEqual({ host: '127.0.0.1', port: 8081 })
    expect(MetricsSchema.safeParse({ host: '0.0.0.0' }).error?.issues[0]?.path).toEqual(['token'])
  })
})
