import { beforeEach, describe, expect, it } from 'vitest'
import { WorkloadSchema } from '../../../collector/economics/workloads.ts'
import { LiveViews } from '../../../collector/live/live-views.ts'
import type { Remembered } from '../../../collector/live/remembered.ts'
import { SiteState } from '../../../collector/live/state.ts'
import { QuoteBook } from '../../../collector/prices/quote-book.ts'
import { RecentLedger } from '../../../collector/settling/recent-ledger.ts'
import type { Device } from '../../../protocol/device.ts'
import { QUOTE_NAMES, type QuoteName } from '../../../protocol/quote.ts'
import type { Sample } from '../../../protocol/sample.ts'
import { MemoryStore } from '../memory-store.ts'
import { siteRules } from '../rules.ts'

const BEGIN = Date.UTC(2026, 10, 1, 12)
const PRICES: Partial<Record<QuoteName, number>> = {
  btcUsd: 1e5,
  difficulty: 1e14,
  blockHeight: 900_000,
  energyUsdPerKwh: 0.05,
}
const WORKLOADS = [
  { name: 'mining', kind: 'mining', match: [{ poolUrl: '*' }] },
  { name: 'h100', kind: 'gpu-hour', usdPerGpuHour: 2, match: [{ namespace: 'tenant' }] },
].map((w) => WorkloadSchema.parse(w))

let nowMs: number
let state: SiteState
let views: LiveViews

const miner = (deviceId: string, rack: string): Device => ({
  deviceId,
  kind: 'asic',
  driver: 'd',
  expectedHashrateHs: 2e14,
  location: { container: 'C1', rack },
})
const gpu = (deviceId: string): Device => ({
  deviceId,
  kind: 'gpu',
  driver: 'd',
  location: { container: 'C2', rack: 'R9' },
})
const mines = (deviceId: string, powerW = 4_000): Sample => ({
  deviceId,
  observedAtMs: nowMs,
  state: 'hashing',
  powerW,
  hashrateHs: 2e14,
  holders: [{ owner: { poolUrl: 'pool' }, share: 1 }],
})
const rents = (deviceId: string): Sample => ({
  deviceId,
  observedAtMs: nowMs,
  state: 'busy',
  powerW: 600,
  utilizationRatio: 0.9,
  holders: [{ owner: { namespace: 'tenant' }, share: 1 }],
})

const hearMiners = () => state.live('miners', [mines('m1'), mines('m2', 90_000)], nowMs)
const hearGpus = () => state.live('gpus', [rents('g1')], nowMs)
function later(seconds: number): void {
  nowMs += seconds * 1000
  views.refresh()
}
const workload = (name: string) => views.workloads().find((w) => w.workload === name)

function create(remembered?: Remembered): void {
  state = new SiteState()
  const quotes = new QuoteBook()
  for (const name of QUOTE_NAMES) {
    const value = PRICES[name]
    if (value !== undefined) quotes.add({ name, value, unit: '', source: 'test', fromMs: 0 })
  }
  views = new LiveViews({
    state,
    minutes: new RecentLedger(),
    quotes,
    store: new MemoryStore(),
    rules: siteRules({ workloads: WORKLOADS }),
    facts: { site: 's', name: 's', timeZone: 'UTC', powerLimitW: 250_000 },
    currency: 'USD',
    alerts: () => [],
    ledger: () => ({ overdueMinutes: 0, losses: [], unpriced: [] }),
    nowMs: () => nowMs,
    remembered,
  })
  const inventory = (agentId: string, devices: Device[]) =>
    state.inventory(agentId, { v: 1, atMs: nowMs, simulated: false, devices })
  inventory('miners', [miner('m1', 'R1'), miner('m2', 'R2')])
  inventory('gpus', [gpu('g1')])
}

beforeEach(() => {
  nowMs = BEGIN
  create()
  hearMiners()
  hearGpus()
  later(1)
})

describe('a site of which nothing is heard any more', () => {
  it('has its last known figures, marked and dated, on every surface, and none is zero', () => {
    const [site, workloads, racks, worst] = [
      views.site(),
      views.workloads(),
      views.frame().racks,
      views.frame().worst,
    ]
    const groups = [...views.liveGroups('container')]
    expect(site.stale).toBeUndefined()
    later(600)
    const { stale, devicesReporting, ...after } = views.site()
    const { devicesReporting: before, ...known } = site
    const ages = { atMs: 0, dataAgeS: 0, oldestReadingS: 0, agents: [] }
    expect({ ...after, ...ages }).toEqual({ ...known, ...ages })
    expect([before, devicesReporting]).toEqual([3, 0])
    expect(stale).toEqual({ devices: 3, heardMs: BEGIN, whole: true, powerW: 94_600 })
    for (const w of workloads)
      expect(workload(w.workload)).toEqual({
        ...w,
        stale: expect.objectContaining({ whole: true, heardMs: BEGIN }),
      })
    expect(views.frame().racks.map(({ powerW, stale: s }) => [powerW, s?.whole, s?.heardMs])).toEqual(
      racks.map(({ powerW }) => [powerW, true, BEGIN]),
    )
    expect(views.frame().worst.map((d) => [d.deviceId, d.netUsdPerH])).toEqual(
      worst.map((d) => [d.deviceId, d.netUsdPerH]),
    )
    expect(worst[0]?.netUsdPerH).toBeLessThan(0)
    for (const [name, group] of groups)
      expect(views.liveGroups('container').get(name)).toEqual({
        ...group,
        stale: expect.objectContaining({ whole: true }),
      })
    expect(views.machines().map((m) => [m.deviceId, m.heardMs, m.powerW])).toEqual([
      ['m1', BEGIN, 4_000],
      ['m2', BEGIN, 90_000],
      ['g1', BEGIN, 600],
    ])
    expect(views.choiceInputs().baseline.workloads.find((w) => w.name === 'mining')?.powerW).toBe(94_000)
    // no controller acts on machines that nobody hears
    expect(views.heardInputs().blocks).toEqual([])
    for (const device of views.devices()) {
      expect(device).toMatchObject({ stale: true, heardMs: BEGIN, ageS: 601 })
      expect(device.powerW).toBeGreaterThan(0)
      expect(device.revenueUsdPerH).toBeGreaterThan(0)
    }
  })

  it('is live again with the next message', () => {
    later(600)
    hearMiners()
    hearGpus()
    later(1)
    expect(views.site().stale).toBeUndefined()
    expect(views.devices().every((d) => !d.stale && d.heardMs === BEGIN + 601_000)).toBe(true)
  })
})

describe('a part of a site that is not heard', () => {
  it('is left out of the sums of others, which say so; what is wholly of it stays as it was', () => {
    const rentals = workload('h100')
    for (let s = 0; s < 60; s += 5) {
      later(5)
      hearMiners()
    }
    later(1)
    const { stale, powerW } = views.site()
    expect(powerW).toBe(94_000)
    expect(stale).toEqual({ devices: 1, heardMs: BEGIN, whole: false, powerW: 600 })
    expect(workload('h100')).toEqual({
      ...rentals,
      stale: { devices: 1, heardMs: BEGIN, whole: true, powerW: 600 },
    })
    expect(workload('mining')?.stale).toBeUndefined()
    expect(views.frame().racks.find((r) => r.rack === 'R9')).toMatchObject({
      condition: 'stale',
      powerW: 600,
      stale: { whole: true, heardMs: BEGIN },
    })
    expect(views.liveGroups('kind').get('gpu-hour')?.stale).toMatchObject({ whole: true })
    // alert rules judge what is heard alone
    expect(views.refresh().site.powerW).toBe(94_000)
  })
})

it('a collector that starts again shows what was known before, until it is heard', () => {
  const [site, mining] = [views.site(), workload('mining')]
  const remembered = { atMs: nowMs, site, workloads: views.workloads() }
  later(600)
  create(remembered)
  later(1)
  const { stale, powerW, netUsdPerH, hashrateHs, devicesReporting } = views.site()
  expect({ powerW, netUsdPerH, hashrateHs }).toEqual({
    powerW: site.powerW,
    netUsdPerH: site.netUsdPerH,
    hashrateHs: site.hashrateHs,
  })
  expect(devicesReporting).toBe(0)
  expect(stale).toMatchObject({ whole: true, heardMs: remembered.atMs, devices: 3 })
  expect(workload('mining')).toMatchObject({
    powerW: mining?.powerW,
    stale: { whole: true, heardMs: remembered.atMs },
  })
  // one agent is heard: its figures are of now, those of the other one from before
  hearMiners()
  later(1)
  expect(views.site().powerW).toBe(94_000)
  expect(workload('mining')?.stale).toBeUndefined()
  expect(workload('h100')).toMatchObject({ powerW: 600, stale: { whole: true, heardMs: remembered.atMs } })
  hearGpus()
  later(1)
  expect(views.site().stale).toBeUndefined()
  expect(workload('h100')?.stale).toBeUndefined()
})

it('a machine that was never heard has no figures, rather than zero', () => {
  create()
  later(600)
  for (const device of views.devices()) {
    expect(device.stale).toBe(true)
    expect(['revenueUsdPerH', 'netUsdPerH', 'powerW', 'heardMs'].filter((key) => key in device)).toEqual([])
  }
  expect(views.site().stale).toEqual({ devices: 3, whole: true, powerW: 0 })
})
