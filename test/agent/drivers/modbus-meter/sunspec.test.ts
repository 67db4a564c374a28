import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import modbusMeter from '../../../../agent/drivers/modbus-meter/modbus-meter.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
import { type ModbusServer, serveModbus } from '../../modbus-server.ts'

let server: ModbusServer
let session: Session
const never = new AbortController().signal
const WH = 3600

beforeEach(async () => {
  server = await serveModbus()
  const options = modbusMeter.settings.parse({ port: server.port, map: 'sunspec', unit: 240 })
  session = modbusMeter.open({ id: 'meter-01', host: '127.0.0.1', options })
})
afterEach(async () => {
  session.close?.()
  await server.close()
})

/** Writes a chain of models into the holding registers, as a device has it. */
function chain(base: number, models: { id: number; registers: number; fill?: (at: number) => void }[]): void {
  server.holding.write('SunS', 2 * base, 'latin1')
  let at = base + 2
  for (const { id, registers, fill } of models) {
    server.holding.writeUInt16BE(id, 2 * at)
    server.holding.writeUInt16BE(registers, 2 * (at + 1))
    fill?.(at + 2)
    at += 2 + registers
  }
  server.holding.writeUInt16BE(0xffff, 2 * at)
}
const common = {
  id: 1,
  registers: 66,
  fill: (at: number) => {
    server.holding.write('Example Metering', 2 * at, 'latin1')
    server.holding.write('EM-3P', 2 * (at + 16), 'latin1')
    server.holding.write('2.07', 2 * (at + 40), 'latin1')
    server.holding.write('000042', 2 * (at + 48), 'latin1')
  },
}
const about = { kind: 'meter', model: 'Example Metering EM-3P', firmware: '2.07', hardwareId: '000042' }
const whole = (id: number, w: number, wScale: number, wh: number, whScale: number, exportedWh = 0) => ({
  id,
  registers: 105,
  fill: (at: number) => {
    server.holding.fill(0x80, 2 * at, 2 * (at + 105))
    server.holding.writeUInt16BE(w & 0xffff, 2 * (at + 16))
    server.holding.writeInt16BE(wScale, 2 * (at + 20))
    server.holding.writeUInt32BE(exportedWh, 2 * (at + 36))
    server.holding.writeUInt32BE(wh, 2 * (at + 44))
    server.holding.writeInt16BE(whScale, 2 * (at + 52))
  },
})
const float = (id: number, w: number, wh: number, exportedWh = 0) => ({
  id,
  registers: 124,
  fill: (at: number) => {
    server.holding.writeFloatBE(w, 2 * (at + 26))
    server.holding.writeFloatBE(exportedWh, 2 * (at + 58))
    server.holding.writeFloatBE(wh, 2 * (at + 66))
  },
})
const read = async () => (await session.read(never))[0]

describe.each([
  [201, 'one phase'],
  [202, 'two phases'],
  [203, 'star'],
  [204, 'delta'],
])('model %i, %s in whole numbers', (id) => {
  test.each([40_000, 50_000, 0])(
    'whose chain begins at %i gives W and Wh by their scale factors',
    async (base) => {
      chain(base, [common, whole(id, 1234, 1, 48_231_774, 0)])
      expect(await read()).toEqual({
        identity: about,
        sample: { state: 'ok', powerW: 12_340, powerBasis: 'metered' },
        counters: { energyJ: 48_231_774 * WH },
      })
    },
  )
})

test.each([211, 212, 213, 214])(
  'model %i gives W and Wh as floats, behind models that are no meters',
  async (id) => {
    const inverter = { id: 113, registers: 60 }
    chain(40_000, [common, inverter, float(id, -512.5, 65_536)])
    expect(await read()).toEqual({
      identity: about,
      sample: { state: 'ok', powerW: -512.5, powerBasis: 'metered' },
      counters: { energyJ: 65_536 * WH },
    })
  },
)

test.each([
  ['whole', () => whole(203, 0x8000, 0, 0, 0)],
  ['whole, without scale factors', () => whole(203, 5, -32_768, 5, -32_768)],
  ['float', () => float(213, Number.NaN, Number.NaN)],
])('values that are not implemented are unknown: %s', async (_, model) => {
  chain(0, [common, model()])
  expect(await read()).toEqual({
    identity: about,
    sample: { state: 'unknown', faults: ['the meter has no value in its registers'] },
  })
})

// SunSpec Alliance, models 203 and 213: TotWhExp stands before TotWhImp
test.each([
  ['whole', () => whole(203, -979, 0, 5000, 0, 3000)],
  ['float', () => float(213, -979, 5000, 3000)],
])('import and export are two counters: %s', async (_, model) => {
  chain(40_000, [common, model()])
  expect(await read()).toMatchObject({
    sample: { powerW: -979 },
    counters: { energyJ: 5000 * WH, exportedJ: 3000 * WH },
  })
})

// SunSpec Alliance, model 203: AphA 1 to 3 with A_SF 4, PhVphA 6 to 8 with V_SF 13, PF 31 in percent with PF_SF 35;
// model 213: AphA 2, PhVphA 10, PF 50
test.each([
  ['whole', 203],
  ['float', 213],
])('0 W beside volts and amps are left out, and the counter is used: %s', async (_, id) => {
  const model = id === 203 ? whole(id, 0, 0, 5000, 0) : float(id, 0, 5000)
  const fill = (at: number) => {
    model.fill(at)
    const { holding } = server
    for (const phase of [0, 1, 2]) {
      if (id === 203) holding.writeInt16BE(150, 2 * (at + 1 + phase))
      else holding.writeFloatBE(15, 2 * (at + 2 + 2 * phase))
      if (id === 203) holding.writeInt16BE(2300, 2 * (at + 6 + phase))
      else holding.writeFloatBE(230, 2 * (at + 10 + 2 * phase))
    }
    if (id === 213) holding.writeFloatBE(97, 2 * (at + 50))
    if (id === 213) return
    for (const [offset, value] of [
      [4, -1],
      [13, -1],
      [31, 97],
      [35, 0],
    ] as const)
      holding.writeInt16BE(value, 2 * (at + offset))
  }
  chain(40_000, [common, { ...model, fill }])
  const readings = [await read(), await read(), await read()]
  expect(readings[0]?.counters).toEqual({ energyJ: 5000 * WH })
  expect(readings.map((reading) => reading?.sample.powerW)).toEqual([undefined, undefined, undefined])
  expect(readings[2]?.sample.faults).toEqual([
    expect.stringContaining('230 V x 15 A make 10350 VA, at a power factor of 0.97 10,039.5 W'),
  ])
})

test('negative power and tenths by a negative scale factor', async () => {
  chain(40_000, [common, whole(203, -4205, -1, 7, 2)])
  expect(await read()).toMatchObject({ sample: { powerW: -420.5 }, counters: { energyJ: 700 * WH } })
  // 100 Wh are a step: the next reading says nothing new
  expect(await read()).not.toHaveProperty('counters')
})

test('a meter whose common model has 65 registers, and that counts no export', async () => {
  // SolarNetwork, sunspec.test, test-data-203-01.txt: a Veris E51C2 from 40000 on, W_SF and TotWh_SF 1, TotWhExp 0; figures are ours
  chain(40_000, [{ ...common, registers: 65 }, whole(203, 712, 1, 93_104, 1)])
  expect(await read()).toEqual({
    identity: about,
    sample: { state: 'ok', powerW: 7120, powerBasis: 'metered' },
    counters: { energyJ: 931_040 * WH },
  })
})

test('the chain is walked once, over one connection', async () => {
  chain(50_000, [common, whole(201, 10, 0, 1, 0)])
  await read()
  server.holding.writeUInt16BE(11, 2 * (50_000 + 2 + 68 + 2 + 16))
  expect((await read())?.sample.powerW).toBe(11)
  server.holding.fill(0, 2 * 50_000, 2 * 50_004)
  expect((await read())?.sample.powerW).toBe(11)
  expect(server.connections).toBe(1)
})

test('a device without a meter says which models it has', async () => {
  chain(40_000, [common, { id: 113, registers: 60 }])
  await expect(read()).rejects.toMatchObject({
    code: 'not-sunspec',
    message: 'it has the SunSpec models 1, 113 and no meter (201 to 204, 211 to 214); check the unit number',
  })
})

test('a device that is not SunSpec is told so, even where it refuses the registers', async () => {
  const words = 'it has no SunSpec models at 40000, 50000, 0; check the unit number, or name the meter'
  await expect(read()).rejects.toThrow(words)
  server.exception = 2
  await expect(read()).rejects.toThrow(words)
})

test('a chain without an end is left', async () => {
  server.holding.write('SunS', 0, 'latin1')
  // models of no length, one after another
  for (let at = 2; at < 500; at += 2) server.holding.writeUInt32BE(0x0007_0000, 2 * at)
  await expect(read()).rejects.toThrow('and no meter')
})

test('silence costs the deadline', async () => {
  server.silent = true
  await expect(session.read(AbortSignal.timeout(100))).rejects.toMatchObject({ name: 'TimeoutError' })
})
