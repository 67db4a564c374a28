import { zeroSums } from '../../collector/economics/ledger-row.ts'
import { type Workload, WorkloadSchema } from '../../collector/economics/workloads.ts'
import { LiveViews } from '../../collector/live/live-views.ts'
import { SiteState } from '../../collector/live/state.ts'
import { QuoteBook } from '../../collector/prices/quote-book.ts'
import { RecentLedger } from '../../collector/settling/recent-ledger.ts'
import type { Device } from '../../protocol/device.ts'
import type { Owner } from '../../protocol/owner.ts'
import { QUOTE_NAMES, type QuoteName } from '../../protocol/quote.ts'
import type { Sample } from '../../protocol/sample.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { MemoryStore } from './memory-store.ts'
import { type RulesOptions, siteRules } from './rules.ts'

export const POOL = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.x' }
export const NOW = Date.UTC(2026, 1, 28, 23, 59, 30)
const PRICES = { btcUsd: 1e5, difficulty: 1e14, blockHeight: 900_000, energyUsdPerKwh: 0.05 }

const WORKLOADS: Workload[] = [
  { name: 'mining', kind: 'mining', poolFeeRatio: 0.02, match: [{ poolUrl: '*' }] },
  { name: 'scrypt', kind: 'mining', usdPerDeviceDay: 12, match: [{ algorithm: 'scrypt', poolUser: '*' }] },
  { name: 'h100', kind: 'gpu-hour', usdPerGpuHour: 2, match: [{ namespace: 'tenant-*', model: '*H100*' }] },
  { name: 'batch', kind: 'gpu-hour', usdPerGpuHour: 0.5, match: [{ slurmAccount: '*' }] },
  { name: 'held', kind: 'reserved', gpus: 4, usdPerGpuHour: 1.5, match: [{ namespace: 'held' }] },
  {
    name: 'chat',
    kind: 'tokens',
    usdPerMillionTokensIn: 1,
    usdPerMillionTokensOut: 3,
    match: [{ namespace: 'inference' }, { service: '*' }],
  },
  {
    name: 'hall',
    kind: 'colocation',
    contractedKw: 100,
    usdPerKwMonth: 146.1,
    energyPassedOn: 'used',
    match: [{ container: 'C09' }],
  },
].map((w) => WorkloadSchema.parse(w))

/** A device with what it says now. */
export interface Heard {
  device: Partial<Device> & Pick<Device, 'deviceId' | 'kind'>
  sample?: Partial<Sample>
  owner?: Owner
}

/** Live views of a site of these devices, on one agent, a moment after they spoke. */
export function siteOf(
  heard: readonly Heard[],
  {
    prices = PRICES,
    simulated = false,
    nowMs = NOW + 1000,
    ...rules
  }: {
    prices?: Partial<Record<QuoteName, number>>
    simulated?: boolean
    /** when it is looked at */
    nowMs?: number
  } & Partial<RulesOptions> = {},
): LiveViews {
  const state = new SiteState()
  const devices = heard.map(({ device }): Device => ({ driver: 'd', ...device }))
  state.inventory('a', { v: 1, atMs: NOW, simulated, devices })
  const samples = heard.map(
    ({ device: { deviceId }, sample, owner }): Sample => ({
      deviceId,
      observedAtMs: NOW,
      state: 'ok',
      ...(owner ? { holders: [{ owner, share: 1 }] } : {}),
      ...sample,
    }),
  )
  state.live('a', samples, NOW)
  const quotes = new QuoteBook()
  for (const name of QUOTE_NAMES) {
    const value = prices[name]
    if (value !== undefined) quotes.add({ name, value, unit: '', source: 'test', fromMs: 0 })
  }
  // a minute in which nothing was used and nothing earned
  const store = new MemoryStore()
  const where = { agentId: 'a', deviceId: 'd', owner: '', container: '', rack: '' }
  store.rows = [{ minuteMs: minuteOf(NOW) - MINUTE_MS, workload: 'mining', ...where, ...zeroSums() }]
  return new LiveViews({
    state,
    minutes: new RecentLedger(),
    quotes,
    store,
    rules: siteRules({ workloads: WORKLOADS, siteMeter: 'meter', ...rules }, devices),
    facts: { site: 'plains', name: 'Plains', timeZone: 'UTC' },
    currency: 'USD',
    alerts: () => [],
    ledger: () => ({ overdueMinutes: 0, losses: [], unpriced: [] }),
    nowMs: () => nowMs,
  })
}

export const miner = (n: number, more: Partial<Heard> = {}): Heard => ({
  device: {
    deviceId: `miner${n}`,
    kind: 'asic',
    model: 'Antminer S21',
    location: { container: 'C01', rack: 'R01' },
    ...more.device,
  },
  sample: { powerW: 3_500, hashrateHs: 200e12, state: 'hashing', ...more.sample },
  owner: POOL,
})
export const gpu = (n: number, owner?: Owner, more: Partial<Heard['device']> = {}): Heard => ({
  device: { deviceId: `node/gpu${n}`, kind: 'gpu', model: 'NVIDIA H100 80GB HBM3', ...more },
  sample: { powerW: owner ? 600 : 100, state: owner ? 'busy' : 'idle' },
  ...(owner ? { owner } : {}),
})
