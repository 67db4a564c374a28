import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { LiveViews } from '../../../collector/live/live-views.ts'
import { type CollectorSources, collectorPieces } from '../../../collector/metrics/collector-page.ts'
import { MetricsSchema } from '../../../collector/metrics/config.ts'
import { DeviceLines } from '../../../collector/metrics/device-metrics.ts'
import { Health } from '../../../collector/metrics/health.ts'
import { endOf, type Format } from '../../../protocol/kit/metrics/format.ts'
import { hasPrometheus, promtoolFaults } from '../../promtool.ts'
import { gpu, type Heard, miner, NOW, siteOf } from '../site-rig.ts'

const folder = mkdtempSync(join(tmpdir(), 'perwatt-metrics-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A collector of these views, whose own parts have done a little. */
function sourcesOf(views: LiveViews, metrics: object = {}): CollectorSources {
  const health = new Health()
  health.message('a', 'live', 1200)
  health.refused.add(1, 'a', 'status')
  health.batches.add(2, 'a', 'stored')
  health.ticks.observe(0.004)
  health.appends.observe(0.02)
  health.acknowledgements.observe(0.03)
  return {
    config: MetricsSchema.parse(metrics),
    version: '1.2.3',
    site: { site: 'plains', name: 'Plains "One"', powerLimitW: 40_000 },
    devices: views,
    heard: () => views.heard(),
    agents: ({ agents }) => agents.map((view) => ({ view, lostRecords: 7, acknowledgedMs: NOW - 60_000 })),
    books: () => ({
      site: {
        ...views.site(),
        ledgerThroughMs: NOW - 90_000,
        ledgerHeld: { records: 3, devices: 1, revenueUsd: 2.5 },
      },
      overdueMinutes: 1,
      quotes: {
        feeds: [
          { name: 'spot', feed: 'http-price', quotes: ['btcUsd'], heardMs: NOW - 5_000 },
          { name: 'desk', feed: 'price-csv', quotes: ['energyUsdPerKwh'], failing: 'no file' },
        ],
        heldBack: [],
      },
      alerts: [
        { rule: 'hot', severity: 'warning' },
        { rule: 'hot', severity: 'warning' },
      ],
      standing: {
        atMs: NOW,
        standstills: [],
        parts: [{ part: 'store', standsStill: false, count: 1, waiting: 4 }],
      },
      receivers: [{ receiver: 'ops', queued: 2, deadLetters: [], delivered: 9, failed: 1, attempts: [] }],
    }),
    parts: () => ({
      health,
      intake: { waitingBytes: 0, limitBytes: 1000, droppedMessages: 0 },
      store: { name: 'duckdb', isUp: true, warnings: 0 },
      streams: { open: 1, most: 500 },
      standsBy: false,
      dataFolder: folder,
    }),
  }
}

async function pageOf(sources: CollectorSources, format: Format = 'prometheus'): Promise<string> {
  const parts: Buffer[] = []
  for await (const piece of collectorPieces(
    sources,
    new DeviceLines(sources.devices, sources.config),
    format,
  ))
    parts.push(Buffer.from(piece))
  return Buffer.concat(parts).toString() + endOf(format)
}

/** Samples of a page by name and labels. */
const samplesOf = (page: string): Map<string, string> =>
  new Map(
    page
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]),
  )

/** Without what differs from run to run: the program's CPU, memory and files. */
const steady = (page: string): string =>
  page
    .split('\n')
    .map((line) =>
      /^(process|nodejs|perwatt_event_loop|perwatt_build|perwatt_collector_data)_\S*[ {]/.test(line)
        ? line.replace(/ \S+$/, ' *').replace(/node="[^"]*"/, 'node="*"')
        : line,
    )
    .join('\n')

const heldGpu = (n: number) => gpu(n, { namespace: 'tenant-a' })
const SITE: Heard[] = [
  { device: { deviceId: 'meter', kind: 'meter' }, sample: { powerW: 9_000 } },
  miner(1, { sample: { tempC: 71.5 } }),
  miner(2, { sample: { state: 'unreachable', powerW: undefined, hashrateHs: undefined } as never }),
  heldGpu(0),
  gpu(1),
  { device: { deviceId: 'cool"er\\\n', kind: 'host' }, sample: { powerW: 500 } },
]

describe('the page of a small site', () => {
  it.each(['openmetrics', 'prometheus'] as const)('is, as %s, what it was', async (format) => {
    const page = steady(await pageOf(sourcesOf(siteOf(SITE), { devices: true }), format))
    const file = join(import.meta.dirname, `../../fixtures/metrics/small-site.${format}.txt`)
    if (process.env['PERWATT_GENERATE'] === '1') writeFileSync(file, page)
    expect(page).toBe(readFileSync(file, 'utf8'))
  })

  it.skipIf(!hasPrometheus)(
    'is clean by promtool (skipped where Debian’s prometheus is not installed)',
    async () => {
      expect(promtoolFaults(await pageOf(sourcesOf(siteOf(SITE), { devices: true })))).toBe('')
    },
  )

  it('has no devices where the configuration chooses none, and those that a rule matches', async () => {
    const shown = async (metrics: object) =>
      [...samplesOf(await pageOf(sourcesOf(siteOf(SITE), metrics))).keys()].flatMap(
        (name) => /^perwatt_device_up\{device="([^"]*)"/.exec(name)?.[1] ?? [],
      )
    expect(await shown({})).toEqual([])
    expect(await shown({ devices: [{ kind: 'gpu' }, { device: 'miner1' }] })).toEqual([
      'miner1',
      'node/gpu0',
      'node/gpu1',
    ])
    expect(await shown({ devices: [{ container: 'C01', agent: 'b' }] })).toEqual([])
  })
})

describe('what is not known', () => {
  it('is absent: no power without a reading, no revenue without a price, no cost without the price of energy', async () => {
    const without = await pageOf(
      sourcesOf(siteOf([miner(1)], { prices: { energyUsdPerKwh: 0.05 } }), { devices: true }),
    )
    expect(without).toContain('perwatt_site_energy_cost_usd_per_hour 0.175')
    expect(without).not.toMatch(
      /^perwatt_(workload|device)_(revenue|net|fees)_\S*(workload="mining"|device=)/m,
    )
    expect(without).not.toMatch(/^perwatt_site_(revenue|net|hashprice)/m)

    const noEnergyPrice = await pageOf(
      sourcesOf(siteOf([miner(1)], { prices: { btcUsd: 1e5, difficulty: 1e14, blockHeight: 900_000 } })),
    )
    expect(noEnergyPrice).toMatch(/^perwatt_site_revenue_usd_per_hour \d/m)
    expect(noEnergyPrice).not.toMatch(/^perwatt_site_(net|energy_cost)/m)

    const server: Heard = {
      device: { deviceId: 'llm', kind: 'service' },
      sample: { tokensInPerS: 5 },
      owner: { service: 'chat' },
    }
    const noPower = await pageOf(sourcesOf(siteOf([server])))
    expect(noPower).toMatch(/^perwatt_workload_input_tokens_per_second\{workload="chat",kind="tokens"\} 5$/m)
    expect(noPower).not.toMatch(/^perwatt_(site|workload)_(devices_)?power_watts|^perwatt_site_hashrate/m)
    expect(noPower).not.toContain('NaN')
  })

  it('is absent for a site of which nothing is heard any more, also what its agents told', async () => {
    const views = siteOf(SITE, { nowMs: NOW + 10 * 60_000 })
    const samples = samplesOf(await pageOf(sourcesOf(views, { devices: true })))
    const names = [...samples.keys()]
    expect(samples.get('perwatt_site_devices')).toBe('6')
    expect(samples.get('perwatt_site_devices_reporting')).toBe('0')
    expect(samples.get('perwatt_collector_agent_online{agent="a"}')).toBe('0')
    expect(samples.get('perwatt_device_up{device="miner1",agent="a",kind="asic"}')).toBe('0')
    expect(
      names.filter((name) => /_(watts|usd_per_hour|usd_per_mwh|hashes_per_second|celsius)(\{|$)/.test(name)),
    ).toEqual(['perwatt_site_power_limit_watts'])
    expect(names.filter((name) => name.startsWith('perwatt_workload_'))).toEqual([])
    expect(names.filter((name) => name.startsWith('perwatt_collector_agent_spool'))).toEqual([])
  })
})
