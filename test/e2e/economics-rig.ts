import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Figures } from '../../collector/books/figures.ts'
import { LedgerQueries } from '../../collector/books/ledger-queries.ts'
import { WorkloadSchema } from '../../collector/economics/workloads.ts'
import { Quarantine } from '../../collector/intake/quarantine.ts'
import type { Store } from '../../collector/plugin/store.ts'
import type { Views } from '../../collector/screens/api/views.ts'
import type { Assets } from '../../collector/screens/pages/assets.ts'
import { createServer, type ScreensServer } from '../../collector/screens/server.ts'
import { RecentLedger } from '../../collector/settling/recent-ledger.ts'
import { createDuckdbStore } from '../../collector/stores/duckdb/duckdb.ts'
import type { ClaimView } from '../../collector/views/claims.ts'
import type { PoolView } from '../../collector/views/pools.ts'
import type { SiteView } from '../../collector/views/site.ts'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import type { Secret } from '../../protocol/kit/secret.ts'
import { batch, KNOWN, LedgerRig, record, TENANT } from '../collector/ledger-rig.ts'
import { SelectorRig, TestFeed } from '../collector/selector-rig.ts'
import { gpu, miner, NOW, siteOf } from '../collector/site-rig.ts'

const WORKLOADS = [
  { name: 'mining', kind: 'mining', poolFeeRatio: 0.02, customer: 'own book', match: [{ poolUrl: '*' }] },
  {
    name: 'rental',
    kind: 'gpu-hour',
    usdPerGpuHour: 2.1,
    customer: 'Acme',
    match: [{ namespace: 'tenant-*' }],
  },
].map((w) => WorkloadSchema.parse(w))

const HEARD = [
  miner(1),
  miner(2),
  miner(9, {
    device: { deviceId: 'miner9', kind: 'asic', model: 'Antminer S9' },
    sample: { powerW: 1_400, hashrateHs: 4e12 },
  }),
  gpu(0, { namespace: 'tenant-a' }),
  gpu(1),
  gpu(2),
  gpu(3, { namespace: 'research', pod: 'job-1' }),
  { device: { deviceId: 'meter', kind: 'meter' as const }, sample: { powerW: 9_600 } },
]

const POOL: PoolView = {
  name: 'pool-one',
  pool: 'braiins',
  workload: 'mining',
  state: 'ok',
  stale: false,
  answeredAt: '2026-05-20T12:00:00.000Z',
  hashrateHs: { now: 390e12, day: 401e12 },
  workers: { alive: 3, dead: 1 },
  balanceBtc: 0.0123,
  payouts: [{ at: '2026-05-19T01:01:40.000Z', amountBtc: 0.0049 }],
  differences: [
    {
      from: '2026-05-19T12:00:00.000Z',
      to: '2026-05-20T12:00:00.000Z',
      basis: 'revenue',
      differenceRatio: -0.021,
      differenceUsdPerDay: -6.2,
      ledgerCoveredRatio: 1,
      ledgerWorkDiff1: 1e9,
      ledgerRevenueUsd: 295.1,
      poolRevenueUsd: 288.9,
      poolRevenueBtc: 0.0031,
    },
  ],
}

/** A collector for the economics page: real ledger, prices and live figures of an invented site, over a real DuckDB. */
export class EconomicsRig {
  /** fields that replace the site's own */
  site: Partial<SiteView> = {}
  pools: PoolView[] = [POOL]
  claims: ClaimView[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'perwatt-desk-'))
  readonly #store: Store
  readonly #ledger: LedgerRig
  readonly #minutes = new RecentLedger()
  readonly #servers: ScreensServer[] = []

  constructor() {
    this.#store = createDuckdbStore({ path: join(this.#folder, 'l.duckdb'), memoryLimitMb: 128, log: SILENT })
    this.#ledger = new LedgerRig(this.#store, WORKLOADS)
  }

  async start(): Promise<this> {
    await this.#store.open()
    await this.#ledger.start()
    return this
  }

  /** Settles one more minute of the ledger: a miner, a rented GPU, and a meter in front of them. */
  async minute(n: number): Promise<void> {
    await this.#ledger.take(
      batch(n * 3 + 1, [
        record(n, 'rig1', { energyMilliJ: 210_000_000, workDiff1: 2_800_000 + n * 40_000 }),
        record(n, 'node/gpu0', { owner: TENANT, gpuMs: 60_000, energyMilliJ: 36_000_000 }),
        record(n, 'meter', { energyMilliJ: 260_000_123 }),
      ]),
    )
    await this.#ledger.settleAll()
    await this.#minutes.load(this.#store, this.#ledger.nowMs)
  }

  /** Serves the page. `empty` is a site without configuration and agents. */
  async serve(
    assets: Assets,
    { empty = false, token }: { empty?: boolean; token?: Secret } = {},
  ): Promise<{ server: ScreensServer; url: string; views: Views }> {
    const { pricing, repricer, records, latePrices } = this.#ledger
    const live = siteOf(empty ? [] : HEARD, {
      workloads: empty ? [] : WORKLOADS,
      ...(empty ? { prices: {} } : {}),
    })
    // the real views, with the fields that a test replaces
    const views: Views = {
      site: () => ({ ...live.site(), ...this.site }),
      frame: () => ({ ...live.frame(), site: views.site() }),
      workloads: () => live.workloads(),
      devices: () => live.devices(),
      alerts: () => [],
      standing: () => live.standing(),
      trend: () => live.trend(),
      liveGroups: (groupBy) => live.liveGroups(groupBy),
      unmatched: () => live.unmatched(),
      choiceInputs: () => live.choiceInputs(),
      machines: () => live.machines(),
    }
    const feed = new TestFeed('tickers', ['btcUsd'], [{ name: 'btcUsd', value: 96_412 }])
    const prices = new SelectorRig()
    prices.nowMs = NOW
    const { selector } = await prices.open(
      empty ? [] : [feed],
      empty ? {} : { energyUsdPerKwh: 0.05, difficulty: 1e14 },
    )
    const server = createServer({
      views,
      figures: new Figures({ store: this.#store, pricing, devices: KNOWN, minutes: this.#minutes }),
      queries: new LedgerQueries({
        store: this.#store,
        records,
        pricing,
        repricer,
        latePrices,
        quarantine: new Quarantine(this.#store, SILENT),
        devices: KNOWN,
      }),
      pools: () => (empty ? [] : this.pools),
      claims: {
        claims: async () => (empty ? [] : this.claims),
        adoptions: async () => [],
        decide: () => Promise.reject(new PerwattError('nothing-put-aside', 'no device is put aside')),
      },
      selector,
      assets,
      log: SILENT,
      version: '1.2.3',
      ...(token ? { token } : {}),
    })
    this.#servers.push(server)
    const { port } = await server.listen('127.0.0.1', 0)
    return { server, url: `http://127.0.0.1:${port}`, views }
  }

  /** From now on the ledger does not answer. */
  breakStore(): Promise<void> {
    return this.#store.close()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((s) => s.close()))
    await this.#ledger.stop()
    await this.#store.close()
    rmSync(this.#folder, { recursive: true })
  }
}
