import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { agentConfigSchema } from '../../agent/config/config.ts'
import { DRIVERS } from '../../agent/drivers/index.ts'
import { DeviceAccumulator } from '../../agent/metering/accumulator.ts'
import type { Session } from '../../agent/plugin/driver.ts'
import { ASIC_FAMILIES, type AsicFamily, driverOf } from '../../agent/simulator/asic/families.ts'
import { Site } from '../../agent/simulator/site.ts'
import { siteConfigs } from '../../agent/simulator/site-config.ts'
import type { LedgerRow } from '../../collector/economics/ledger-row.ts'
import type { LiveDevice } from '../../collector/economics/live/live-device.ts'
import { LivePlane } from '../../collector/economics/live/live-plane.ts'
import { settleMinute } from '../../collector/economics/settlement/ledger-rows.ts'
import { WorkloadSchema } from '../../collector/economics/workloads.ts'
import type { Device } from '../../protocol/device.ts'
import type { Prices, QuoteName } from '../../protocol/quote.ts'
import { minuteOf, NANO_USD_PER_USD } from '../../protocol/units.ts'
import { siteRules } from '../collector/rules.ts'

/** How each family's work comes to the ledger. */
const WORK: Record<AsicFamily, 'counted' | 'estimated'> = {
  antminer: 'counted',
  auradine: 'estimated',
  avalon: 'counted',
  axeos: 'estimated',
  braiins: 'counted',
  cgminer: 'counted',
  epic: 'estimated',
  luxos: 'counted',
  proto: 'counted',
  sealminer: 'counted',
  vnish: 'counted',
  whatsminer: 'counted',
  'whatsminer-2.2': 'estimated',
  'whatsminer-v3': 'estimated',
}

const FROM_MS = Date.UTC(2026, 5, 1, 12)
const POLL_S = 15
const POLLS = 3600 / POLL_S
/** Shares come at random: with this many more of them, an hour of counted work is within a third of a percent of its mean. */
const MORE_SHARES = 256

const quote = (name: QuoteName, value: number) => ({ name, value, unit: '', source: 'test', fromMs: 0 })
const PRICES: Prices = {
  btcUsd: quote('btcUsd', 1e5),
  difficulty: quote('difficulty', 1e14),
  blockHeight: quote('blockHeight', 9e5),
}
const ports = { asic: 0, web: 0, link: 0, status: 0, dcgm: 0, llm: 0, meter: 0, snmp: 0 }
const clock = { nowMs: FROM_MS }
const site = new Site(
  {
    seed: 11,
    asics: ASIC_FAMILIES.length,
    families: ASIC_FAMILIES,
    gpuHosts: 0,
    baseAddress: '127.0.0.1',
    ports,
  },
  () => clock.nowMs,
)

interface Miner {
  family: AsicFamily
  id: string
  session: Session
  accumulator: DeviceAccumulator
  liveUsd: number
  rows: LedgerRow[]
}

/** An hour of every family, polled by its driver: live revenue added up poll by poll, and the ledger of the same time. */
async function anHour(miners: readonly Miner[]): Promise<void> {
  const known = new Map<string, Device>()
  const workloads = [
    WorkloadSchema.parse({ name: 'mining', kind: 'mining', poolFeeRatio: 0.02, match: [{ poolUrl: '*' }] }),
  ]
  for (let poll = 0; poll <= POLLS; poll++) {
    const at = { wallMs: clock.nowMs, steadyMs: clock.nowMs - FROM_MS }
    await Promise.all(
      miners.map(async ({ id, family, session, accumulator }, i) => {
        const [reading] = await session.read(AbortSignal.timeout(60_000))
        const miner = miners[i] as Miner
        if (!reading) return
        accumulator.observe(reading, at)
        const device: Device = { deviceId: id, driver: driverOf(family), ...reading.identity }
        known.set(id, device)
        const sample = { deviceId: id, observedAtMs: at.wallMs, ...reading.sample }
        const plane = new LivePlane(siteRules({ workloads }, [device]))
        const live: LiveDevice = { agentId: 'a', device, sample, stale: false }
        plane.reset([live])
        const perH = plane.figures(PRICES, at.wallMs).earnings.get(live)?.revenueUsdPerH ?? 0
        if (poll < POLLS) miner.liveUsd += (perH * POLL_S) / 3600
      }),
    )
    clock.nowMs += POLL_S * 1000
    for (let s = 0; s < POLL_S; s++) for (const machine of site.machines) machine.advance(1)
  }
  for (const miner of miners) {
    const rules = siteRules({ workloads }, [...known.values()])
    for (const record of miner.accumulator.closeAll())
      miner.rows.push(...settleMinute(minuteOf(record.startMs), [{ ...record, agentId: 'a' }], PRICES, rules))
  }
}

const miners: Miner[] = []
beforeAll(async () => {
  // an hour passes in seconds: to the drivers' checks of counters too
  vi.spyOn(performance, 'now').mockImplementation(() => clock.nowMs - FROM_MS)
  for (const machine of site.machines)
    Object.assign(machine, { shareDifficulty: machine.shareDifficulty / MORE_SHARES })
  await site.open()
  const { devices } = agentConfigSchema(DRIVERS).parse(siteConfigs(site, 'mqtt://127.0.0.1:1883').mining)
  for (const { id, model } of site.machines) {
    const device = devices.find((d) => d.id === id)
    const driver = DRIVERS.find((d) => d.name === device?.driver)
    if (!device || !driver) throw new Error(`no driver for ${id}`)
    miners.push({
      family: model.family,
      id,
      session: driver.open({ id, host: device.host ?? '', options: device }),
      accumulator: new DeviceAccumulator(id, 3 * POLL_S * 1000),
      liveUsd: 0,
      rows: [],
    })
  }
  await anHour(miners)
}, 300_000)
afterAll(async () => {
  vi.restoreAllMocks()
  for (const { session } of miners) session.close?.()
  await site.close()
})

const sum = (rows: readonly LedgerRow[], of: (row: LedgerRow) => number): number =>
  rows.reduce((total, row) => total + of(row), 0)

describe.each(ASIC_FAMILIES)('an hour of an emulated %s', (family) => {
  const miner = () => miners.find((m) => m.family === family) as Miner

  it('earns in the ledger what it earns live, within 2 %', () => {
    const { liveUsd, rows } = miner()
    const ledgerUsd = sum(rows, (r) => r.revenueNanoUsd) / NANO_USD_PER_USD
    expect(liveUsd).toBeGreaterThan(0)
    expect(Math.abs(ledgerUsd / liveUsd - 1)).toBeLessThan(0.02)
  })

  it(`says whether its work is counted or estimated, and never books both`, () => {
    const { rows } = miner()
    const counted = sum(rows, (r) => r.workDiff1)
    const estimated = sum(rows, (r) => r.estimatedWorkDiff1)
    expect(counted > 0 ? 'counted' : 'estimated').toBe(WORK[family])
    expect(Math.min(counted, estimated)).toBe(0)
    const estimatedUsd = sum(rows, (r) => r.estimatedRevenueNanoUsd)
    expect(estimatedUsd).toBe(estimated > 0 ? sum(rows, (r) => r.revenueNanoUsd) : 0)
  })
})
