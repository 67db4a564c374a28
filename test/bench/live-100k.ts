import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createRandom } from '../../agent/simulator/random.ts'
import { createAlerting } from '../../collector/alerts/alerting.ts'
import { RecentMinutes } from '../../collector/minutes.ts'
import { QUOTE_NAMES, QuoteBook } from '../../collector/quotes.ts'
import { SiteState } from '../../collector/state.ts'
import { LiveViews } from '../../collector/views.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import { MemoryStore } from '../collector/memory-store.ts'
import { LargeSite, largeSiteRules, POLL_S } from './large-site.ts'
import { percentile } from './programs.ts'

/**
 * One tick of a collector with 100,000 devices, a tenth of them heard since the last one: the live figures, the alert rules and
 * the frame for the browsers. `npm run bench:live -- --ticks 60`
 */
const { values } = parseArgs({ options: { ticks: { type: 'string', default: '60' } } })
const TICKS = Number(values.ticks)
const WARM_UP_TICKS = 15
const BEGIN_MS = Date.UTC(2026, 5, 1)
/** The price of Bitcoin moves once in this many ticks. */
const PRICE_TICKS = 10
const PRICES = { btcUsd: 1e5, difficulty: 1e14, blockHeight: 900_000, energyUsdPerKwh: 0.05 }

let nowMs = BEGIN_MS
const random = createRandom(1)
const state = new SiteState()
const quotes = new QuoteBook()
const price = (name: keyof typeof PRICES, value: number) =>
  quotes.add({ name, value, unit: '', source: 'bench', fromMs: nowMs })
for (const name of QUOTE_NAMES) if (name in PRICES) price(name as keyof typeof PRICES, PRICES[name as never])

const gc = (globalThis as { gc?: () => void }).gc
const rssMiB = () => {
  gc?.()
  return process.memoryUsage.rss() / 2 ** 20
}
const emptyMiB = rssMiB()
const site = new LargeSite(state, () => random.next())
site.announce(nowMs)
for (const agent of state.agents())
  state.status(agent.agentId, {
    v: 1,
    state: 'online',
    atMs: nowMs,
    version: 'bench',
    simulated: false,
    pollS: POLL_S,
  } as never)
const stateMiB = rssMiB()

const folder = mkdtempSync(join(tmpdir(), 'perwatt-bench-live-'))
const alerting = createAlerting({
  config: { rules: {}, receivers: [] },
  dataFolder: folder,
  log: SILENT,
  channels: [],
  now: () => nowMs,
})
const rules = largeSiteRules()
const views = new LiveViews({
  state,
  minutes: new RecentMinutes(),
  quotes,
  store: new MemoryStore(),
  rules: rules as never,
  facts: { site: 'bench', name: 'Bench', timeZone: 'UTC' },
  currency: 'USD',
  alerts: () => alerting.firing(),
  ledger: () => ({ overdueMinutes: 0, losses: [] }),
  nowMs: () => nowMs,
})

const phases = new Map<string, number[]>()
function timed<T>(phase: string, work: () => T): T {
  const beganMs = performance.now()
  const result = work()
  const tookMs = performance.now() - beganMs
  phases.set(phase, [...(phases.get(phase) ?? []), tookMs])
  return result
}

try {
  for (let tick = 0; tick < WARM_UP_TICKS + TICKS; tick++) {
    if (tick === WARM_UP_TICKS) phases.clear()
    nowMs += 1000
    site.hear(tick, nowMs - 500)
    if (tick % PRICE_TICKS === 0) price('btcUsd', PRICES.btcUsd * (1 + random.next() / 100))
    gc?.()
    const situation = timed('figures', () => views.refresh())
    timed('evaluate', () => alerting.evaluate(situation))
    timed('frame', () => Buffer.from(JSON.stringify(views.frame())))
  }
  for (const [phase, ms] of phases)
    process.stdout.write(
      `${phase} p50 ${percentile(ms, 0.5).toFixed(1)} p95 ${percentile(ms, 0.95).toFixed(1)} max ${percentile(ms, 1).toFixed(1)} ms\n`,
    )
  process.stdout.write(
    `${site.devices} devices; RSS ${emptyMiB.toFixed(0)} ${stateMiB.toFixed(0)} ${rssMiB().toFixed(0)} MiB\n`,
  )
} finally {
  await alerting.stop()
  rmSync(folder, { recursive: true })
}
