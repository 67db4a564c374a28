import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { agentConfigSchema } from '../../../../agent/config/config.ts'
import { DRIVERS } from '../../../../agent/drivers/index.ts'
import { DeviceAccumulator } from '../../../../agent/metering/accumulator.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
import { Site } from '../../../../agent/simulator/site.ts'
import { siteConfigs } from '../../../../agent/simulator/site-config.ts'
import type { AgentInterval } from '../../../../collector/economics/ledger-row.ts'
import { priceMinute } from '../../../../collector/economics/settlement/settle.ts'
import { WorkloadSchema } from '../../../../collector/economics/workloads.ts'
import type { Device } from '../../../../protocol/device.ts'
import { parseConfig } from '../../../../protocol/kit/config.ts'
import { siteRules } from '../../../collector/rules.ts'

const FROM_MS = Date.UTC(2026, 5, 1, 12)
const POLL_S = 10
const MINUTES = 60
const never = new AbortController().signal
const ports = { asic: 0, web: 0, link: 0, status: 0, dcgm: 0, llm: 0, meter: 0, snmp: 0 }
const clock = { nowMs: FROM_MS }
/** The sun gives about what three Antminers leave of a generator’s 2 kW, so that the site exports now and then. */
const site = new Site(
  {
    seed: 5,
    asics: 3,
    families: ['antminer'],
    gpuHosts: 0,
    solarKw: 8,
    generatorKw: 2,
    baseAddress: '127.0.0.1',
    ports,
  },
  () => clock.nowMs,
)

interface Meter {
  device: Device
  session: Session
  accumulator: DeviceAccumulator
  exported: boolean
}
const meters: Meter[] = []
const records: AgentInterval[] = []
let exportedAtS = 0

beforeAll(async () => {
  await site.open()
  const { gpu } = siteConfigs(site, 'mqtt://127.0.0.1:1883')
  const { devices } = parseConfig(agentConfigSchema(DRIVERS), JSON.stringify(gpu), 'gpu.yaml')
  for (const { id, driver, host, generates, ...settings } of devices) {
    const plugin = DRIVERS.find(({ name }) => name === driver)!
    const { location: _, meteredBy: __, ...options } = settings
    meters.push({
      device: { deviceId: id, kind: 'meter', driver, ...(generates && { generates }) },
      session: plugin.open({ id, host: host as string, options }),
      accumulator: new DeviceAccumulator(id, 30_000),
      exported: false,
    })
  }
  // a driver holds a counter against the power since its last reading: both by the emulated clock
  const steady = vi.spyOn(performance, 'now').mockImplementation(() => clock.nowMs - FROM_MS)
  for (let s = 0; s <= MINUTES * 60; s++) {
    if (s > 0) {
      clock.nowMs += 1000
      site.step()
      if (site.meter.powerW < 0) exportedAtS++
    }
    if (s % POLL_S !== 0) continue
    for (const { session, accumulator } of meters)
      for (const reading of await session.read(never)) {
        expect(reading.sample.faults).toBeUndefined()
        accumulator.observe(reading, { wallMs: clock.nowMs, steadyMs: clock.nowMs - FROM_MS })
      }
  }
  steady.mockRestore()
  for (const { accumulator } of meters)
    for (const record of accumulator.closeAll()) records.push({ agentId: 'gpu', ...record })
}, 60_000)
afterAll(async () => {
  for (const { session } of meters) session.close?.()
  await site.close()
})

const kWh = (milliJ: number) => milliJ / 3.6e9
const total = (deviceId: string, what: 'energyMilliJ' | 'exportedMilliJ') =>
  kWh(records.filter((r) => r.deviceId === deviceId).reduce((sum, r) => sum + (r[what] ?? 0), 0))

describe('an emulated site with own generation', () => {
  it('has a meter for each source, one with the low word first and one with an offset, and exports at times', () => {
    expect(meters.map(({ device }) => [device.deviceId, device.generates])).toEqual([
      ['site-meter', undefined],
      ['solar', 'solar'],
      ['generator', 'generator'],
    ])
    expect(exportedAtS).toBeGreaterThan(60)
    expect(exportedAtS).toBeLessThan(MINUTES * 60 - 60)
  })

  it('is read by the drivers as it was, in both directions', () => {
    const [solar, generator] = site.sources
    const near = (read: number, trueJ: number, within: number) =>
      expect(Math.abs(read - trueJ / 3.6e6)).toBeLessThan(within)
    // half a poll of power, and a step of the counter
    near(total('site-meter', 'energyMilliJ'), site.meter.energyJ, 0.1)
    near(total('site-meter', 'exportedMilliJ'), site.meter.exportedJ, 0.1)
    near(total('solar', 'energyMilliJ'), solar!.meter.energyJ, 0.2)
    // 400 W a step of the raw scale
    near(total('generator', 'energyMilliJ'), generator!.meter.energyJ, 0.2)
  })

  it('balances to the millijoule: what the workloads are charged is what the grid and the sources gave', () => {
    const rules = siteRules(
      {
        workloads: [WorkloadSchema.parse({ name: 'mining', kind: 'mining', match: [{ poolUrl: '*' }] })],
        siteMeter: 'site-meter',
      },
      meters.map(({ device }) => device),
    )
    let usedMilliJ = 0
    for (let minute = 0; minute < MINUTES; minute++) {
      const startMs = FROM_MS + minute * 60_000
      const ofMinute = records.filter((r) => r.startMs === startMs)
      expect(ofMinute).toHaveLength(3)
      const { distribution } = priceMinute(startMs, ofMinute, {}, rules)
      const charged = distribution.charges.reduce((sum, charge) => sum + charge.amount, 0)
      const gave = ofMinute.reduce((sum, r) => sum + (r.energyMilliJ ?? 0) - (r.exportedMilliJ ?? 0), 0)
      expect(charged).toBe(gave)
      expect(distribution.charges.every(({ amount }) => amount > 0)).toBe(true)
      usedMilliJ += charged
    }
    expect(Math.abs(kWh(usedMilliJ) - site.truth().siteEnergyJ / 3.6e6)).toBeLessThan(0.6)
  })
})
