import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { freePort, type Mosquitto, startMosquitto } from '../mosquitto.ts'
import { checkRules, hasPrometheus, type Prometheus, promtoolFaults, startPrometheus } from '../promtool.ts'
import { type StandingSite, startSite } from './standing-rig.ts'

let broker: Mosquitto | undefined
let site: StandingSite | undefined
let prometheus: Prometheus | undefined
afterEach(async () => {
  await prometheus?.stop()
  await site?.stop()
  await broker?.stop()
})

const WITHOUT = '(skipped where Debian’s prometheus is not installed)'

describe('Debian’s Prometheus', () => {
  it.skipIf(!hasPrometheus)(`scrapes a collector and an agent ${WITHOUT}`, { timeout: 120_000 }, async () => {
    broker = await startMosquitto()
    const port = await freePort()
    site = await startSite({
      site: 'plains',
      broker: broker.url,
      config: { metrics: { devices: true }, http: { port: 1, token: 'a-token-of-this-test' } },
      agentConfig: { metrics: { port } },
    })
    const collector = new URL(site.url).host
    const job = (job_name: string, target: string, more: object = {}) => ({
      job_name,
      static_configs: [{ targets: [target] }],
      ...more,
    })
    prometheus = await startPrometheus([
      job('collector', collector, { authorization: { credentials: 'a-token-of-this-test' } }),
      job('stranger', collector, { metrics_path: '/metrics' }),
      job('agent', `127.0.0.1:${port}`),
    ])
    const { query, errors } = prometheus
    const values = async (expression: string) =>
      (await query(expression)).map(({ metric, value }) => [metric['device'] ?? metric['job'], value[1]])
    await vi.waitFor(
      async () => {
        expect(await values('perwatt_site_power_watts')).toEqual([['collector', '9000']])
        expect((await values('perwatt_device_power_watts')).sort()).toEqual([
          ['c1/m0', '3000'],
          ['c1/m1', '3000'],
          ['c1/m2', '3000'],
        ])
        expect(await values('sum by (job) (perwatt_agent_devices{state="hashing"})')).toEqual([
          ['agent', '3'],
        ])
        expect(await values('perwatt_agent_broker_connected')).toEqual([['agent', '1']])
        expect(await values('perwatt_collector_agent_online')).toEqual([['collector', '1']])
        expect(await values('perwatt_agent_polls_total > 1')).toHaveLength(1)
        expect(
          (await values('perwatt_event_loop_delay_seconds_count > 0')).map(([name]) => name).sort(),
        ).toEqual(['agent', 'collector'])
      },
      { timeout: 90_000, interval: 200 },
    )
    await vi.waitFor(
      async () =>
        expect(await errors()).toEqual({
          collector: '',
          agent: '',
          stranger: expect.stringContaining('401'),
        }),
      { timeout: 30_000, interval: 200 },
    )

    const own = await fetch(`http://127.0.0.1:${port}/metrics`)
    expect(promtoolFaults(await own.text())).toBe('')
    const headers = { authorization: 'Bearer a-token-of-this-test' }
    expect(promtoolFaults(await (await fetch(`${site.url}/metrics`, { headers })).text())).toBe('')
  })

  it.skipIf(!hasPrometheus)(`takes the alert expressions of both READMEs ${WITHOUT}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'perwatt-rules-'))
    try {
      for (const program of ['collector', 'agent']) {
        const readme = readFileSync(join(import.meta.dirname, `../../${program}/README.md`), 'utf8')
        const rules = /```yml\n(groups:\n[\s\S]*?)```/.exec(readme)?.[1] ?? ''
        const file = join(folder, `${program}.yml`)
        writeFileSync(file, rules)
        expect(checkRules(file)).toContain('SUCCESS')
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
