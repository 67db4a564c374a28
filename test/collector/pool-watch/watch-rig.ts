import { WorkloadSchema } from '../../../collector/economics/workloads.ts'
import { poolsSchema } from '../../../collector/pool-watch/pool-config.ts'
import { PoolWatch, type PoolWatchOptions } from '../../../collector/pool-watch/pool-watch.ts'
import { POOLS } from '../../../collector/pools/index.ts'
import { QuoteBook } from '../../../collector/prices/quote-book.ts'
import { createLog } from '../../../protocol/kit/log.ts'
import { workDiff1OfHashrate } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { minutesOf } from '../ledger-rows.ts'
import { MemoryStore } from '../memory-store.ts'
import { type Answer, day, NOON, PoolServer } from '../pools/pool-server.ts'

const servers: PoolServer[] = []
const stops: (() => Promise<void>)[] = []
/** Ends what a test has started: `afterEach(stopAll)`. */
export async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0)) await stop()
  for (const server of servers.splice(0)) await server.stop()
}
/** A pool on loopback. */
export async function serve(answers: Record<string, Answer>): Promise<PoolServer> {
  const server = await new PoolServer(answers).start()
  servers.push(server)
  return server
}

/** Pools that are watched with a clock of the test's own: each wait between two turns ends when the test says so. */
export function watch(configured: object[], more: Partial<PoolWatchOptions> = {}) {
  const store = new MemoryStore()
  // 10 PH/s, a fiftieth more than the pools credit
  store.rows = minutesOf('mining-0', day(19), 2160, {
    workDiff1: workDiff1OfHashrate(10.2e15, 60),
    revenueNanoUsd: 400_000_000,
  })
  const quotes = new QuoteBook()
  quotes.add({ name: 'btcUsd', value: 100_000, unit: 'USD/BTC', source: 'test', fromMs: 0 })
  const lines: { level: string; event: string; pool?: string; reason?: string }[] = []
  const turns: { ms: number; next: () => void }[] = []
  const clock = { nowMs: NOON }
  const workloads = configured.map((_, i) =>
    WorkloadSchema.parse({ name: `mining-${i}`, kind: 'mining', match: [{ poolUser: `acme-${i}` }] }),
  )
  const configs = poolsSchema(POOLS).parse(
    configured.map((pool, i) => ({
      name: `acme-${i}`,
      workload: `mining-${i}`,
      allowPrivate: ['127.0.0.0/8'],
      ...pool,
    })),
  )
  const watched = new PoolWatch({
    configs,
    pools: POOLS.map((pool) => ({ ...pool, spacingMs: 0 })),
    workloads,
    store,
    quotes,
    nowMs: () => clock.nowMs,
    random: () => 0.5,
    log: createLog({ write: (line) => lines.push(JSON.parse(line)) }),
    wait: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve(false)
        turns.push({ ms, next: () => resolve(true) })
        signal.addEventListener('abort', () => resolve(false), { once: true })
      }),
    ...more,
  })
  const stop = new AbortController()
  const done = watched.run(stop.signal)
  stops.push(() => {
    stop.abort()
    return done
  })
  const nextTurn = async () => (await eventually(() => turns.shift(), Boolean)) as (typeof turns)[number]
  return { watched, store, lines, clock, nextTurn }
}
