import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createRandom } from '../../agent/simulator/base/random.ts'
import { createAlerting } from '../../collector/alerts/alerting.ts'
import type { LiveContext } from '../../collector/economics/live/live-device.ts'
import { LiveViews } from '../../collector/live/live-views.ts'
import { SiteState } from '../../collector/live/state.ts'
import { QuoteBook } from '../../collector/prices/quote-book.ts'
import { RULES } from '../../collector/rules/index.ts'
import { RecentLedger } from '../../collector/settling/recent-ledger.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import type { QuoteName } from '../../protocol/quote.ts'
import { plainFigures } from '../collector/economics/live/plain-figures.ts'
import { plainDevices } from '../collector/live-events.ts'
import { MemoryStore } from '../collector/memory-store.ts'
import { LargeSite, largeSiteRules } from './large-site.ts'
import { percentile } from './programs.ts'

/**
 * Times one tick of a collector with 100,000 devices, a tenth of them heard since the last tick: the live figures, the alert rules
 * and the frame for the browsers. The same run times `plainFigures`, the readable specification of the live figures, for comparison.
 * Run it with `npm run bench:live -- --ticks 60`.
 */
const { values } = parseArgs({ options: { ticks: { type: 'string', default: '60' } } })
const TICKS = Number(values.ticks)
const WARM_UP_TICKS = 20
const PLAIN_TICKS = 5
/** The price of Bitcoin changes once in this many ticks. */
const PRICE_TICKS = 5
const PRICES = { btcUsd: 1e5, difficulty: 1e14, blockHeight: 900_000, energyUsdPerKwh: 0.05 }

let nowMs = Date.UTC(2026, 5, 1)
const random = createRandom(1)
const state = new SiteState()
const quotes = new QuoteBook()
const price = (name: string, value: number) =>
  quotes.add({ name: name as QuoteName, value, unit: '', source: 'bench', fromMs: nowMs })
for (const [name, value] of Object.entries(PRICES)) price(name, value)

/** Resident memory, MiB; with --expose-gc, after a garbage collection. */
const rssMiB = () => {
  ;(globalThis as { gc?: () => void }).gc?.()
  return process.memoryUsage.rss() / 2 ** 20
}
const emptyMiB = rssMiB()
const site = new LargeSite(state, () => random.next())
site.announce(nowMs)
const stateMiB = rssMiB()

const folder = mkdtempSync(join(tmpdir(), 'perwatt-bench-live-'))
const config = { rules: [], receivers: [] }
const alerting = createAlerting({
  config,
  dataFolder: folder,
  log: SILENT,
  channels: [],
  rules: RULES,
  version: 'bench',
  now: () => nowMs,
})
const rules = largeSiteRules()
const context: LiveContext = { ...rules, find: (deviceId) => state.find(deviceId) }
const views = new LiveViews({
  state,
  minutes: new RecentLedger(),
  quotes,
  store: new MemoryStore(),
  rules,
  facts: { site: 'bench', name: 'Bench', timeZone: 'UTC' },
  currency: 'USD',
  alerts: () => alerting.firing(),
  ledger: () => ({ overdueMinutes: 0, losses: [], unpriced: [] }),
  nowMs: () => nowMs,
})

/** CPU time of this thread from the kernel, ms. It does not include other programs on the same core. */
const cpuMs = () => Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ', 1)[0]) / 1e6
const phases = new Map<string, { wallMs: number[]; cpuMs: number[] }>()
function timed<T>(phase: string, work: () => T): T {
  const began = { wallMs: performance.now(), cpuMs: cpuMs() }
  const result = work()
  const times = phases.get(phase) ?? { wallMs: [], cpuMs: [] }
  phases.set(phase, times)
  times.cpuMs.push(cpuMs() - began.cpuMs)
  times.wallMs.push(performance.now() - began.wallMs)
  return result
}

function tick(count: number): void {
  nowMs += 1000
  // messages arrive between ticks; this time includes making the samples
  timed('hearing', () => site.hear(count, nowMs - 500))
  if (count % PRICE_TICKS === 0) price('btcUsd', PRICES.btcUsd * (1 + random.next() / 100))
  const situation = timed('figures', () => views.refresh(alerting.watched()))
  timed('alert rules', () => alerting.evaluate(situation))
  timed('frame', () => Buffer.from(JSON.stringify(views.frame())))
}

const print = (text: string) => process.stdout.write(`${text}\n`)
const ms = (times: readonly number[], part: number) => `${percentile(times, part).toFixed(1)} ms`
const mean = (times: readonly number[]) => times.reduce((sum, t) => sum + t, 0) / times.length

try {
  for (let count = 0; count < WARM_UP_TICKS + TICKS; count++) {
    if (count === WARM_UP_TICKS) phases.clear()
    tick(count)
  }
  const siteMiB = rssMiB()
  for (let count = 0; count < PLAIN_TICKS; count++)
    timed('plain figures', () => plainFigures(plainDevices(state, nowMs), quotes.at(nowMs), context, nowMs))
  print(
    `${site.devices} devices, ${TICKS} ticks of 1 s, a tenth heard before each; ${alerting.firing().length} alerts fire`,
  )
  for (const [phase, { wallMs, cpuMs }] of phases)
    print(
      `${phase.padEnd(22)} p50 ${ms(wallMs, 0.5)}, p95 ${ms(wallMs, 0.95)}, max ${ms(wallMs, 1)}; CPU ${mean(cpuMs).toFixed(1)} ms`,
    )
  const cpuOf = (phase: string) => mean(phases.get(phase)?.cpuMs ?? [])
  print(`figures / plain figures: CPU ${(cpuOf('figures') / cpuOf('plain figures')).toFixed(3)}`)
  print(
    `RSS ${emptyMiB.toFixed(0)} MiB empty, ${stateMiB.toFixed(0)} MiB with the state, ${siteMiB.toFixed(0)} MiB with figures, alerts and frames`,
  )
} finally {
  await alerting.stop()
  rmSync(folder, { recursive: true })
}
