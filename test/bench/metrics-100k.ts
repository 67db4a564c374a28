import { gzipSync } from 'node:zlib'
import { createRandom } from '../../agent/simulator/base/random.ts'
import { LiveViews } from '../../collector/live/live-views.ts'
import { SiteState } from '../../collector/live/state.ts'
import { MetricsSchema } from '../../collector/metrics/config.ts'
import { DeviceLines } from '../../collector/metrics/device-metrics.ts'
import { QuoteBook } from '../../collector/prices/quote-book.ts'
import { RecentLedger } from '../../collector/settling/recent-ledger.ts'
import type { QuoteName } from '../../protocol/quote.ts'
import { MemoryStore } from '../collector/memory-store.ts'
import { LargeSite, largeSiteRules } from './large-site.ts'
import { percentile } from './programs.ts'

/**
 * The lines of 100,000 devices for Prometheus beside JSON.stringify of the same figures, in one run, as the median of the rounds, in CPU
 * time of the process. Run it with `npm run bench:metrics`.
 */
const ROUNDS = 7
const PRICES = { btcUsd: 1e5, difficulty: 1e14, blockHeight: 900_000, energyUsdPerKwh: 0.05 }

const nowMs = Date.UTC(2026, 5, 1)
const random = createRandom(1)
const state = new SiteState()
const quotes = new QuoteBook()
for (const [name, value] of Object.entries(PRICES))
  quotes.add({ name: name as QuoteName, value, unit: '', source: 'bench', fromMs: nowMs })
const site = new LargeSite(state, () => random.next())
site.announce(nowMs)
const views = new LiveViews({
  state,
  minutes: new RecentLedger(),
  quotes,
  store: new MemoryStore(),
  rules: largeSiteRules(),
  facts: { site: 'bench', name: 'Bench', timeZone: 'UTC' },
  currency: 'USD',
  alerts: () => [],
  ledger: () => ({ overdueMinutes: 0, losses: [], unpriced: [] }),
  nowMs: () => nowMs,
})
views.refresh()

const devices = new DeviceLines(views, MetricsSchema.parse({ devices: true }))
const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
const times = new Map<string, number[]>()
async function timed<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  const began = cpuMs()
  const result = await work()
  times.set(what, [...(times.get(what) ?? []), cpuMs() - began])
  return result
}

/** The peer: the same figures of the same devices as JSON. */
function json(rows: Uint32Array): number {
  const figures = views.deviceFigures(rows)
  const columns = Object.entries(figures) as [string, Float64Array][]
  const objects = Array.from(rows, (i, row) => {
    const { agentId, device } = views.siteDevices[i] ?? { device: undefined }
    const values: Record<string, number> = {}
    for (const [name, column] of columns) {
      const value = column[row] as number
      if (!Number.isNaN(value)) values[name] = value
    }
    return { device: device?.deviceId, agent: agentId, kind: device?.kind, ...values }
  })
  return Buffer.from(JSON.stringify(objects)).length
}

const chosen = await timed('labels, once an inventory', () => devices.ready())
let page: Buffer[] = []
let jsonBytes = 0
for (let round = 0; round < ROUNDS; round++) {
  page = await timed('lines', () => [...devices.lines('openmetrics')])
  jsonBytes = await timed('JSON.stringify', () => json(chosen?.rows ?? new Uint32Array()))
}
const text = Buffer.concat(page)
const compressed = await timed('gzip, level 1', () => gzipSync(text, { level: 1 }))

const median = (what: string) => percentile(times.get(what) ?? [], 0.5)
const print = (line: string) => process.stdout.write(`${line}\n`)
print(
  `${site.devices} devices, ${text.toString('latin1').split('\n').length - 1} lines, ${(text.length / 1e6).toFixed(0)} MB; gzip ${(compressed.length / 1e6).toFixed(1)} MB; JSON ${(jsonBytes / 1e6).toFixed(0)} MB`,
)
for (const [what, all] of times)
  print(
    `${what.padEnd(26)} CPU ${(median(what) / 1000).toFixed(3)} s (${(Math.min(...all) / 1000).toFixed(3)} to ${(Math.max(...all) / 1000).toFixed(3)})`,
  )
print(`a page, gzip included: CPU ${((median('lines') + median('gzip, level 1')) / 1000).toFixed(3)} s`)
print(`lines / JSON.stringify: ${(median('lines') / median('JSON.stringify')).toFixed(2)}`)
