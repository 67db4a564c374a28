import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MODBUS_MAPS } from '../../../../agent/drivers/modbus-meter/maps/index.ts'
import modbusMeter from '../../../../agent/drivers/modbus-meter/modbus-meter.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
import { type ModbusServer, serveModbus } from '../../modbus-server.ts'

let server: ModbusServer
const sessions: Session[] = []
beforeEach(async () => {
  server = await serveModbus()
})
afterEach(async () => {
  for (const session of sessions.splice(0)) session.close?.()
  await server.close()
})

const open = (settings: object) => {
  const options = modbusMeter.settings.parse({ port: server.port, ...settings })
  const session = modbusMeter.open({ id: 'meter-01', host: '127.0.0.1', options })
  sessions.push(session)
  return session
}
const never = new AbortController().signal
const read = async (settings: object) => (await open(settings).read(never))[0]!
const KWH = 3_600_000

/** Registers as hex, by address: what a meter of that model has there. */
type Registers = Record<number, string>
const fill = (table: Buffer, registers: Registers) => {
  for (const [address, hex] of Object.entries(registers))
    Buffer.from(hex.replaceAll(' ', ''), 'hex').copy(table, 2 * Number(address))
}

/**
 * Each model's registers by its manual, or by the named public project's test or issue; both directions, and power that flows out.
 * Addresses here are written again from the source and not taken from the map.
 */
const MODELS: Record<
  string,
  { holding?: Registers; input?: Registers; w: number; kwh: number; outKwh: number }
> = {
  // volkszaehler/mbmd, carlogavazzi-em24_e1.go: Power 0x28, Import 0x34, Export 0x4E; low word first; -979.0 W = -9790
  'carlo-gavazzi-em24-e1': {
    input: { 11: '0670', 40: 'd9c2 ffff', 52: '86a0 0001', 78: '03e8 0000' },
    w: -979,
    kwh: 10_000,
    outKwh: 100,
  },
  // ccontrols.com, CarloGavazziEM24.pdf: 0x34 and 0x35 are power factors of L3 and of the system, kWh(+) TOT 0x42, kWh(-) TOT 0x5C
  'carlo-gavazzi-em24-rs485': {
    input: { 40: '86a0 0001', 52: '03d7 03d4', 66: '86a0 0001', 92: '03e8 0000' },
    w: 10_000,
    kwh: 10_000,
    outKwh: 100,
  },
  // EM330_EM340_ET330_ET340_CP.pdf: W sys 0x28, kWh(+) TOT 0x34, kWh(-) TOT 0x4E
  'carlo-gavazzi-em3x0': {
    input: { 40: '86a0 0001', 52: '86a0 0001', 78: '03e8 0000' },
    w: 10_000,
    kwh: 10_000,
    outKwh: 100,
  },
  // SolarNetwork, PM5100Register.java: 3059 float32 kW, 3203 and 3207 int64 Wh
  'schneider-pm5000': {
    holding: { 3059: 'bf7a 9fbe', 3203: '0000 0000 0098 9680', 3207: '0000 0000 0001 86a0' },
    w: -979,
    kwh: 10_000,
    outKwh: 100,
  },
  // iEM3000 series user manual, DOCA0005EN: 3060, 3204 and 3208, counted from 1
  'schneider-iem3000': {
    holding: { 3059: 'bf7a 9fbe', 3203: '0000 0000 0098 9680', 3207: '0000 0000 0001 86a0' },
    w: -979,
    kwh: 10_000,
    outKwh: 100,
  },
  // bg-etech.de, SDM630Register.pdf: 30053 total system power W, 30073 import and 30075 export kWh, IEEE 754
  'eastron-sdm630': {
    input: { 52: 'c474 c000', 72: '461c 4000', 74: '42c8 0000' },
    w: -979,
    kwh: 10_000,
    outKwh: 100,
  },
  // volkszaehler/mbmd, issue 210: -2300.00 W in 0x5B14 are FF FC 7D 90; ABB's manual: 0x5000 and 0x5004 in 0.01 kWh
  'abb-b2x': {
    holding: { 23316: 'fffc 7d90', 20480: '0000 0000 000f 4240', 20484: '0000 0000 0000 2710' },
    w: -2300,
    kwh: 10_000,
    outKwh: 100,
  },
  // SENTRON PAC2200 manual by way of mbmd, pac2200.go: 65 float W, 801 and 809 double Wh
  'siemens-pac2200': {
    holding: { 65: 'c474 c000', 801: '4163 12d0 0000 0000', 809: '40f8 6a00 0000 0000' },
    w: -979,
    kwh: 10_000,
    outKwh: 100,
  },
  // OpenEMS, MeterJanitzaUmg96rmeImpl.java: 19026 W, 19068 and 19076 Wh, floats
  'janitza-umg96rm': {
    holding: { 19026: 'c474 c000', 19068: '4b18 9680', 19076: '47c3 5000' },
    w: -979,
    kwh: 10_000,
    outKwh: 100,
  },
  // victronenergy/dbus-modbus-client, shelly.py: 31013 W, 31162 and 31164 Wh less 30000, Reg_f32l: the low word first
  'shelly-pro-3em': {
    input: { 1013: 'c000 c474', 1162: '9680 4b18', 1164: '5000 47c3' },
    w: -979,
    kwh: 10_000,
    outKwh: 100,
  },
  // volkszaehler/mbmd, socomec.go: 0xC568 kW/100, 0xC652 and 0xC658 kWh
  'socomec-countis-e3x': {
    holding: { 50536: 'ffff ff9e', 50770: '0000 2710', 50776: '0000 0064' },
    w: -980,
    kwh: 10_000,
    outKwh: 100,
  },
  // OpenEMS, SocomecMeterThreephaseImpl.java, protocolDirisB30: 0x482C W, 0x4D83 and 0x4D86 kWh
  'socomec-diris-b30': {
    holding: { 18476: 'ffff fc2d', 19843: '0000 2710', 19846: '0000 0064' },
    w: -979,
    kwh: 10_000,
    outKwh: 100,
  },
}

describe.each(MODBUS_MAPS.map((map) => [map.name, map] as const))('%s', (name, map) => {
  test('is read as its manual says, in both directions', async () => {
    const model = MODELS[name]
    if (!model) throw new Error(`${name} has no registers here: add them with their source`)
    fill(server.holding, model.holding ?? {})
    fill(server.input, model.input ?? {})
    const { identity, sample, counters } = await read({ map: name })
    expect(identity).toEqual({ kind: 'meter', model: map.model })
    expect(sample.powerW).toBeCloseTo(model.w, 3)
    expect(sample.faults).toBeUndefined()
    expect(counters?.energyJ).toBeCloseTo(model.kwh * KWH, 0)
    expect(counters?.exportedJ).toBeCloseTo(model.outKwh * KWH, 0)
    expect(map.source).toMatch(/\S{3,} .{8,}/)
  })
})

test('a classic EM24 read by the map of the EM24 with Ethernet is named as another meter where it says what it is', async () => {
  // dbus-modbus-client, carlo_gavazzi.py: the EM24_E1 are 1648 to 1653
  fill(server.input, { 11: '0047' })
  await expect(read({ map: 'carlo-gavazzi-em24-e1' })).rejects.toThrow(
    'it says that it is model 71, and Carlo Gavazzi EM24_E1 is 1648, 1649, 1650, 1651, 1652, 1653; name its own map',
  )
})

test('the name that stood for both EM24 is refused with the two that there are', () => {
  expect(() => open({ map: 'carlo-gavazzi-em24' })).toThrow(
    'carlo-gavazzi-em24 is two meters: expected carlo-gavazzi-em24-e1 (with Ethernet) or carlo-gavazzi-em24-rs485',
  )
})

test('a meter that keeps a range as whole numbers from 0 on has an offset', async () => {
  // tetherto/miningos-wrk-powermeter-satec, powermeter.js and constants.js: PM180, holding 276, raw 0 to 9999 for -108,682.56 to
  // 108,682.56 kW, which depends on the transformers of the site
  const power = {
    function: 3,
    address: 276,
    type: 'int16',
    scale: (2 * 108_682_560) / 9999,
    offset: -108_682_560,
  }
  for (const [raw, kw] of [
    [0, -108_682.56],
    [5000, 10.8693],
    [9999, 108_682.56],
  ] as const) {
    server.holding.writeInt16BE(raw, 2 * 276)
    expect((await read({ map: { power } })).sample.powerW! / 1000).toBeCloseTo(kw, 3)
  }
})

test('a meter that is wired the other way round is turned by a setting', async () => {
  const model = MODELS['abb-b2x']!
  fill(server.holding, model.holding!)
  expect(await read({ map: 'abb-b2x', invert: true })).toMatchObject({
    sample: { powerW: 2300 },
    counters: { energyJ: 100 * KWH, exportedJ: 10_000 * KWH },
  })
})

test('a counter that its meter’s own watts can’t make is not used, and the fault tells both', async () => {
  // 10 kW, and power factors where this map has its counter: from one poll to the next 0x35 goes from 980 to 981
  fill(server.input, { 40: '86a0 0001', 52: '03d7 03d4' })
  const session = open({ map: 'carlo-gavazzi-em24-e1' })
  await session.read(never)
  fill(server.input, { 53: '03d5' })
  const [reading] = await session.read(never)
  expect(reading).not.toHaveProperty('counters')
  expect(reading?.sample).toMatchObject({ state: 'ok', powerW: 10_000, powerBasis: 'metered' })
  expect(reading?.sample.faults).toEqual([
    expect.stringMatching(
      /^its energy counter booked 6,554 kWh in \d+ s, far more than the 0(\.\d+)? kWh of its own power; the counter is not used/,
    ),
  ])
})
