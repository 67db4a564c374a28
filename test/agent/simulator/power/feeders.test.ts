import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { agentConfigSchema } from '../../../../agent/config/config.ts'
import { DRIVERS } from '../../../../agent/drivers/index.ts'
import { MODBUS_MAPS } from '../../../../agent/drivers/modbus-meter/maps/index.ts'
import { DeviceAccumulator } from '../../../../agent/metering/accumulator.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
import { feederPlaces } from '../../../../agent/simulator/feeders.ts'
import { layoutSite } from '../../../../agent/simulator/layout.ts'
import { PDU_FACES } from '../../../../agent/simulator/power/pdu-faces.ts'
import { Site } from '../../../../agent/simulator/site.ts'
import { siteConfigs } from '../../../../agent/simulator/site-config.ts'
import { parseConfig } from '../../../../protocol/kit/config.ts'

const FROM_MS = Date.UTC(2026, 5, 1, 12)
const POLL_S = 20
const SECONDS = 15 * 60
const ports = { asic: 0, web: 0, link: 0, status: 0, dcgm: 0, llm: 0, meter: 0, snmp: 0 }
const clock = { nowMs: FROM_MS }
const site = new Site(
  { seed: 6, asics: 80, families: ['antminer'], gpuHosts: 0, faces: 'all', baseAddress: '127.0.0.1', ports },
  () => clock.nowMs,
)
const FEEDERS = feederPlaces(80, () => '127.0.0.1')

interface Read {
  accumulator: DeviceAccumulator
  liveJ: number
  lastW: number | undefined
  faults: Set<string>
}
const sessions: { id: string; session: Session }[] = []
const read = new Map<string, Read>()
const bookedJ = new Map<string, number>()
let trueJ: Record<string, number> = {}
let meteredBy: (string | undefined)[] = []

const throughNow = () =>
  Object.fromEntries(Object.entries(site.truth().through).map(([id, { energyJ }]) => [id, energyJ]))

async function poll(): Promise<void> {
  const at = { wallMs: clock.nowMs, steadyMs: clock.nowMs - FROM_MS }
  await Promise.all(
    sessions.map(async ({ id, session }) => {
      for (const reading of await session.read(AbortSignal.timeout(60_000))) {
        const deviceId = reading.part ? `${id}/${reading.part}` : id
        const known = read.get(deviceId) ?? {
          accumulator: new DeviceAccumulator(deviceId, 3 * POLL_S * 1000),
          liveJ: 0,
          lastW: undefined,
          faults: new Set<string>(),
        }
        read.set(deviceId, known)
        const { powerW, faults = [] } = reading.sample
        for (const fault of faults) known.faults.add(fault)
        if (known.lastW !== undefined && powerW !== undefined)
          known.liveJ += ((known.lastW + powerW) / 2) * POLL_S
        known.lastW = powerW
        known.accumulator.observe(reading, at)
      }
    }),
  )
}

beforeAll(async () => {
  // a driver holds a counter against the power since its last reading: both by the emulated clock
  vi.spyOn(performance, 'now').mockImplementation(() => clock.nowMs - FROM_MS)
  await site.open()
  const { gpu, mining } = siteConfigs(site, 'mqtt://127.0.0.1:1883')
  meteredBy = mining?.devices.map((device) => device.meteredBy) ?? []
  const { devices } = parseConfig(agentConfigSchema(DRIVERS), JSON.stringify(gpu), 'gpu.yaml')
  for (const { id, driver, host, ...settings } of devices) {
    if (!id.startsWith('feeder-')) continue
    const { location: _, meteredBy: __, ...options } = settings
    const plugin = DRIVERS.find(({ name }) => name === driver)!
    sessions.push({ id, session: plugin.open({ id, host: host as string, options }) })
  }
  // the miners come up
  for (let s = 0; s < 120; s++) site.step()
  const before = throughNow()
  for (let s = 0; s <= SECONDS; s++) {
    if (s > 0) {
      clock.nowMs += 1000
      site.step()
    }
    if (s % POLL_S === 0) await poll()
  }
  const after = throughNow()
  trueJ = Object.fromEntries(Object.entries(after).map(([id, joules]) => [id, joules - (before[id] ?? 0)]))
  for (const [id, { accumulator }] of read)
    bookedJ.set(
      id,
      accumulator.closeAll().reduce((sum, { energyMilliJ = 0 }) => sum + energyMilliJ / 1000, 0),
    )
}, 240_000)
afterAll(async () => {
  vi.restoreAllMocks()
  for (const { session } of sessions) session.close?.()
  await site.close()
})

it('a site with all faces has each PDU family and each meter that perwatt reads, and one without has none', () => {
  expect(FEEDERS.filter(({ kind }) => kind === 'pdu').map(({ face }) => face.name)).toEqual(
    PDU_FACES.map(({ name }) => name),
  )
  const maps = FEEDERS.flatMap((feeder) => (feeder.kind === 'meter' ? [feeder.face.map] : []))
  expect(maps).toEqual(expect.arrayContaining([...MODBUS_MAPS.map(({ name }) => name), 'sunspec']))
  expect(layoutSite({ seed: 1 }).feeders).toEqual([])
})

it('every miner is behind a feeder’s outlet, inlet or meter that its driver reads', () => {
  expect(meteredBy).toHaveLength(80)
  for (const id of meteredBy) expect([...read.keys()]).toContain(id)
})

describe.each(FEEDERS.map((feeder) => [feeder.face.name, feeder] as const))(
  'through an emulated %s',
  (_, feeder) => {
    const parts = () => [...read].filter(([id]) => id === feeder.id || id.startsWith(`${feeder.id}/`))
    /** W that its power's last digit leaves open */
    const openW = feeder.kind === 'meter' && typeof feeder.face.map !== 'string' ? 201 : 100

    it('live, ledger and what truly flowed agree, without a fault', () => {
      expect(parts().length).toBeGreaterThan(0)
      for (const [id, { faults, liveJ }] of parts()) {
        const truth = trueJ[id] ?? 0
        const openJ = 0.02 * truth + openW * SECONDS
        expect([...faults], id).toEqual([])
        expect(truth, id).toBeGreaterThan(1000 * SECONDS)
        expect(Math.abs(liveJ - truth), id).toBeLessThan(openJ)
        expect(Math.abs((bookedJ.get(id) ?? 0) - truth), id).toBeLessThan(openJ)
      }
    })
  },
)
