import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { MODBUS_MAPS } from '../../../../agent/drivers/modbus-meter/maps/index.ts'
import modbusMeter from '../../../../agent/drivers/modbus-meter/modbus-meter.ts'
import { DeviceAccumulator } from '../../../../agent/metering/accumulator.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
import { SiteMeter } from '../../../../agent/simulator/power/meter.ts'
import * as faces from '../../../../agent/simulator/power/meter-faces.ts'

const FACES = Object.values(faces)
const KWH = 3_600_000
const START_MS = Date.UTC(2026, 5, 1, 12)
const never = new AbortController().signal
const clock = { nowMs: 0 }
beforeAll(() => {
  // a driver holds a counter against the power since its last reading: both by the emulated clock
  vi.spyOn(performance, 'now').mockImplementation(() => clock.nowMs)
})
afterAll(() => {
  vi.restoreAllMocks()
})

/** Five minutes of each, W: a hall that draws, and one whose panels feed in. */
const POWERS_W = [8_340, 7_870.5, 9_100, -6_250.4, -8_480, 9_620, 9_000]
/** W and Wh that the coarsest of a model's registers leaves open, and what a float32 of its counter does. */
const STEPS: Record<string, { w: number; wh: number }> = {
  'carlo-gavazzi-em24-e1': { w: 0.1, wh: 100 },
  'carlo-gavazzi-em24-rs485': { w: 0.1, wh: 100 },
  'carlo-gavazzi-em3x0': { w: 0.1, wh: 100 },
  'abb-b2x': { w: 0.01, wh: 10 },
  'eastron-sdm630': { w: 0.01, wh: 10 },
  'socomec-countis-e3x': { w: 10, wh: 1000 },
  'socomec-diris-b30': { w: 1, wh: 1000 },
  sunspec: { w: 100, wh: 10 },
}
const stepOf = ({ map }: (typeof FACES)[number]) =>
  (typeof map === 'string' && STEPS[map]) || { w: typeof map === 'string' ? 0.01 : 201, wh: 1 }

test('every meter that the driver knows by name has a face', () => {
  const mapped = FACES.map(({ map }) => map)
  expect(mapped).toEqual(expect.arrayContaining([...MODBUS_MAPS.map(({ name }) => name), 'sunspec']))
})

describe.each(FACES.map((face) => [face.name, face] as const))('an emulated %s', (_name, face) => {
  let meter: SiteMeter
  let session: Session
  beforeAll(async () => {
    clock.nowMs = 0
    meter = new SiteMeter('127.0.0.1', 0, face, 812_345)
    await meter.listener.open()
    const options = modbusMeter.settings.parse({ port: meter.listener.port, map: face.map })
    session = modbusMeter.open({ id: 'meter', host: '127.0.0.1', options })
  })
  afterAll(async () => {
    session.close?.()
    await meter.listener.close()
  })

  test('is read by its own map as it truly is, in both directions, and booked so', async () => {
    const step = stepOf(face)
    const hasCounters = typeof face.map === 'string'
    const device = new DeviceAccumulator('meter', 120_000)
    const last: { energyJ?: number; exportedJ?: number } = {}
    for (let s = 0; s <= 60 * 60; s += 10) {
      const powerW = POWERS_W[Math.floor(s / 300) % POWERS_W.length]!
      clock.nowMs = s * 1000
      meter.advance(s === 0 ? 0 : 10, powerW)
      const [reading] = await session.read(never)
      expect(reading?.sample.faults, `after ${s} s`).toBeUndefined()
      expect(Math.abs(reading!.sample.powerW! - powerW)).toBeLessThanOrEqual(step.w)
      Object.assign(last, reading?.counters)
      device.observe(reading!, { wallMs: START_MS + s * 1000, steadyMs: s * 1000 })
    }
    if (hasCounters) {
      expect(812_345 + meter.energyJ / 3600 - last.energyJ! / 3600).toBeLessThanOrEqual(step.wh + 0.1)
      expect(meter.exportedJ / 3600 - (last.exportedJ ?? 0) / 3600).toBeLessThanOrEqual(step.wh + 0.1)
    }
    const records = device.closeAll()
    const bookedKwh = (what: 'energyMilliJ' | 'exportedMilliJ') =>
      records.reduce((sum, record) => sum + (record[what] ?? 0), 0) / 1000 / KWH
    // a step of the counter, and half a poll at each turn of the power; without counters, a step of the power for an hour
    const openKwh = (hasCounters ? step.wh : step.w) / 1000 + 0.1
    expect(Math.abs(bookedKwh('energyMilliJ') - meter.energyJ / KWH)).toBeLessThan(openKwh)
    expect(Math.abs(bookedKwh('exportedMilliJ') - meter.exportedJ / KWH)).toBeLessThan(openKwh)
  })
})
