import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { MODBUS_MAPS } from '../../../../agent/drivers/modbus-meter/maps/index.ts'
import { type MeterRegister, REGISTER_TYPES } from '../../../../agent/drivers/modbus-meter/maps/map.ts'
import type { Reading } from '../../../../agent/plugin/reading.ts'
import { meterRig, never } from './meter-rig.ts'

const meters = meterRig()
const { open, read } = meters
const KWH = 3_600_000

/** Registers as hex, by address: what a meter of that model has there. */
type Registers = Record<number, string>
const fill = (table: Buffer, registers: Registers) => {
  for (const [address, hex] of Object.entries(registers))
    Buffer.from(hex.replaceAll(' ', ''), 'hex').copy(table, 2 * Number(address))
}

/**
 * What a meter of one model has in its registers, by its manual or by the test or issue of a public project; both directions, and
 * power that flows out. Addresses are written again from the source and not taken from the map.
 */
interface RecordedMeter {
  source: string
  holding?: Registers
  input?: Registers
  w: number
  kwh: number
  /** absent: the meter counts one direction only */
  outKwh?: number
}
const recorded = (name: string) =>
  JSON.parse(readFileSync(`test/fixtures/modbus/${name}.json`, 'utf8')) as RecordedMeter

describe.each(MODBUS_MAPS.map((map) => [map.name, map] as const))('%s', (name, map) => {
  test('is read as its manual says, in both directions', async () => {
    const model = recorded(name)
    expect(model.source).toMatch(/\S{3,} .{8,}/)
    fill(meters.server.holding, model.holding ?? {})
    fill(meters.server.input, model.input ?? {})
    const { identity, sample, counters } = await read({ map: name })
    expect(identity).toEqual({ kind: 'meter', model: map.model })
    expect(sample.powerW).toBeCloseTo(model.w, 3)
    expect(sample.faults).toBeUndefined()
    expect(counters?.energyJ).toBeCloseTo(model.kwh * KWH, 0)
    if (model.outKwh === undefined) expect(map.exported).toBeUndefined()
    else expect(counters?.exportedJ).toBeCloseTo(model.outKwh * KWH, 0)
    expect(map.source).toMatch(/\S{3,} .{8,}/)
  })

  test.runIf(map.beside)(
    'has no power where it shows 0 W beside the volts and amps of its reply, and keeps its counter',
    async () => {
      const { holding = {}, input = {}, kwh } = recorded(name)
      fill(meters.server.holding, holding)
      fill(meters.server.input, input)
      const power = map.power as MeterRegister
      const table = power.function === 3 ? meters.server.holding : meters.server.input
      table.fill(0, 2 * power.address, 2 * (power.address + REGISTER_TYPES[power.type]))
      const session = open({ map: name })
      const readings = []
      for (let poll = 0; poll < 3; poll++) readings.push((await session.read(never))[0])
      expect(readings.map((reading) => reading?.sample.powerW)).toEqual([undefined, undefined, undefined])
      expect(readings[0]?.counters?.energyJ).toBeCloseTo(kwh * KWH, 0)
      expect(readings[2]?.sample).toMatchObject({ state: 'faulty' })
      expect(readings[2]?.sample.faults).toEqual([
        expect.stringMatching(
          /^its power of 0 W is not used: 230 V x [\d.]+ A, 230 V x [\d.]+ A, 230 V x [\d.]+ A make \d+ VA/,
        ),
      ])
    },
  )
})

test('a meter that says kW where W are its unit has no power until it says W', async () => {
  const { input } = recorded('eastron-sdm630')
  fill(meters.server.input, input!)
  const session = open({ map: 'eastron-sdm630' })
  const readAt = async (w: number) => {
    meters.server.input.writeFloatBE(w, 2 * 52)
    return (await session.read(never))[0]?.sample
  }
  expect([await readAt(0.979), await readAt(0.979)].map((sample) => sample?.powerW)).toEqual([
    undefined,
    undefined,
  ])
  expect((await readAt(0.979))?.faults).toEqual([
    "its power of 0.979 W is not used: 230 V x 1.5 A, 230 V x 1.5 A, 230 V x 1.5 A make 1035 VA, at a power factor of 0.95 979.11 W; check its map and unit, and its transformers' ratio",
  ])
  expect(await readAt(979)).toEqual({ state: 'ok', powerW: 979, powerBasis: 'metered' })
})

test('a meter that refuses its volts and amps, or has none, keeps its power', async () => {
  meters.server.input.writeFloatBE(979, 2 * 52)
  expect((await read({ map: 'eastron-sdm630' })).sample).toEqual({
    state: 'ok',
    powerW: 979,
    powerBasis: 'metered',
  })
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
    meters.server.holding.writeInt16BE(raw, 2 * 276)
    expect((await read({ map: { power } })).sample.powerW! / 1000).toBeCloseTo(kw, 3)
  }
})

test('a meter that is wired the other way round is turned by a setting', async () => {
  const model = recorded('abb-b2x')
  fill(meters.server.holding, model.holding!)
  expect(await read({ map: 'abb-b2x', invert: true })).toMatchObject({
    sample: { powerW: 2300 },
    counters: { energyJ: 100 * KWH, exportedJ: 10_000 * KWH },
  })
})

test('a meter whose power alone has its sign the other way is turned by a setting too', async () => {
  fill(meters.server.holding, recorded('abb-b2x').holding!)
  expect(await read({ map: 'abb-b2x', invert: 'power' })).toMatchObject({
    sample: { powerW: 2300 },
    counters: { energyJ: 10_000 * KWH, exportedJ: 100 * KWH },
  })
  expect(() => open({ map: 'abb-b2x', invert: 'energy' })).toThrow('expected true, false or power')
})

test('a counter that its meter’s own watts can’t make is not used, and the fault tells both', async () => {
  // 10 kW, and power factors where this map has its counter
  fill(meters.server.input, { 40: '86a0 0001', 52: '03d7 03d4' })
  const session = open({ map: 'carlo-gavazzi-em24-e1' })
  expect((await session.read(never))[0]?.counters).toHaveProperty('energyJ')
  let reading: Reading | undefined
  for (const factor of ['03d5', '03d7', '03d6', '03d5', '03d7']) {
    expect(reading?.counters?.energyJ).toBeUndefined()
    fill(meters.server.input, { 53: factor })
    reading = (await session.read(never))[0]
  }
  expect(reading?.counters).toEqual({ refused: ['energyJ'] })
  expect(reading?.sample).toMatchObject({ state: 'ok', powerW: 10_000, powerBasis: 'metered' })
  expect(reading?.sample.faults).toEqual([
    expect.stringMatching(
      /^its energy counter leapt or fell 5 times in \d+ s, by up to 19,661 kWh, far more than the 0(\.\d+)? kWh that its highest power makes in that time; the counter is not used/,
    ),
  ])
})

test('a counter that is wild at one reading only is used again at the next', async () => {
  fill(meters.server.input, { 40: '86a0 0001', 52: '86a0 0001' })
  const session = open({ map: 'carlo-gavazzi-em24-e1' })
  const told = []
  for (const hex of ['86a0 0001', '86a0 7fff', '0000 0000', '86a1 0001']) {
    fill(meters.server.input, { 52: hex })
    told.push((await session.read(never))[0]?.counters)
  }
  expect(told).toEqual([{ energyJ: 10_000 * KWH }, undefined, undefined, { energyJ: 10_000.1 * KWH }])
})
