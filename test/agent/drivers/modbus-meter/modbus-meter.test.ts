import { expect, test } from 'vitest'
import { MODBUS_MAPS } from '../../../../agent/drivers/modbus-meter/maps/index.ts'
import modbusMeter from '../../../../agent/drivers/modbus-meter/modbus-meter.ts'
import type { Reading } from '../../../../agent/plugin/reading.ts'
import { meterRig, never } from './meter-rig.ts'

const meters = meterRig()
const { open, read } = meters

test('a Schneider iEM3000 gives kW as a float and Wh as a 64-bit number', async () => {
  // source: iEM3000 series user manual, DOCA0005EN: 3060 total active power, 3204 total active energy import, counted from 1
  meters.server.holding.writeFloatBE(12.5, 2 * 0x0bf3)
  meters.server.holding.writeBigInt64BE(123_456_789n, 2 * 0x0c83)
  expect(await read({ map: 'schneider-iem3000' })).toEqual({
    identity: { kind: 'meter', model: 'Schneider iEM3000' },
    sample: { state: 'ok', powerW: 12_500, powerBasis: 'metered' },
    counters: { energyJ: 123_456_789 * 3600 },
  })
})

test('a Carlo Gavazzi EM24 with Ethernet gives 0.1 W and 0.1 kWh in input registers, the low word first', async () => {
  // source: EM24 Ethernet communication protocol; volkszaehler/mbmd, carlogavazzi-em24_e1.go: 28h W x 10, 34h kWh x 10
  meters.server.input.writeUInt32BE(0xd431_0001, 2 * 0x28) // 0x0001d431 = 119857
  meters.server.input.writeUInt32BE(0x86a0_0001, 2 * 0x34) // 0x000186a0 = 100000
  const { sample, counters } = await read({ map: 'carlo-gavazzi-em24-e1' })
  expect(sample.powerW).toBeCloseTo(11_985.7)
  expect(counters?.energyJ).toBe(10_000 * 3_600_000)
})

test('any other meter is its registers: function, address, type, scale and word order', async () => {
  // no device's: a map of one's own may name any register
  meters.server.input.writeInt16BE(-420, 2 * 10)
  meters.server.holding.writeFloatBE(7.5, 2 * 20)
  const { identity, sample, counters } = await read({
    map: {
      power: { function: 4, address: 10, type: 'int16', scale: 10 },
      energy: { function: 3, address: 20, type: 'float32', scale: 1000 },
    },
  })
  expect(identity).toEqual({ kind: 'meter' })
  expect(sample.powerW).toBe(-4200)
  expect(counters?.energyJ).toBe(7500 * 3600)
})

test('a counter of 0.1 kWh is told when it moves: between two steps the power speaks', async () => {
  // source: as above, 34h: the low word alone below 6553.6 kWh
  const session = open({ map: 'carlo-gavazzi-em24-e1' })
  const energyJ = async (tenths: number) => {
    meters.server.input.writeUInt16BE(tenths, 2 * 0x34)
    return (await session.read(never))[0]?.counters?.energyJ
  }
  expect([await energyJ(10), await energyJ(10), await energyJ(11), await energyJ(11)]).toEqual([
    3.6e6,
    undefined,
    3.96e6,
    undefined,
  ])
})

test('a map may have the power or the energy only, but not neither', async () => {
  meters.server.holding.writeUInt16BE(5, 0)
  const power = { function: 3, address: 0, type: 'uint16' }
  expect(await read({ map: { power } })).not.toHaveProperty('counters')
  const onlyEnergy = await read({ map: { energy: power } })
  expect(onlyEnergy.sample).toEqual({ state: 'ok' })
  expect(onlyEnergy.counters?.energyJ).toBe(5 * 3600)
  expect(() => open({ map: {} })).toThrow('expected power, energy or both')
})

test('a meter whose registers hold no value is unknown, with the reason', async () => {
  // source: IEEE 754, a NaN; the least INT64, which Schneider meters have for none
  meters.server.holding.writeUInt32BE(0xffc00000, 2 * 0x0bf3)
  meters.server.holding.writeBigUInt64BE(1n << 63n, 2 * 0x0c83)
  expect(await read({ map: 'schneider-iem3000' })).toEqual({
    identity: { kind: 'meter', model: 'Schneider iEM3000' },
    sample: { state: 'unknown', faults: ['the meter has no value in its registers'] },
  })
})

test('a negative counter and a power of more than a gigawatt are absent', async () => {
  meters.server.holding.writeFloatBE(4.2e6, 2 * 0x0bf3)
  meters.server.holding.writeBigInt64BE(-5n, 2 * 0x0c83)
  expect(await read({ map: 'schneider-iem3000' })).toEqual({
    identity: { kind: 'meter', model: 'Schneider iEM3000' },
    sample: { state: 'unknown', faults: ['the meter has no value in its registers'] },
  })
})

test('a torn power is absent for its one reading, with the reason, and so is the counter beside it', async () => {
  const session = open({ map: 'schneider-iem3000' })
  const show = (kw: number, wh: bigint) => {
    meters.server.holding.writeFloatBE(kw, 2 * 0x0bf3)
    meters.server.holding.writeBigInt64BE(wh, 2 * 0x0c83)
  }
  const readings: Reading[] = []
  for (const [kw, wh] of [
    [100, 1_234_567n],
    [100, 1_234_567n],
    [-50_000, 6_234_567n],
    [100, 1_234_567n],
  ] as const) {
    show(kw, wh)
    readings.push(...(await session.read(never)))
  }
  expect(readings.map(({ sample }) => sample.powerW)).toEqual([100_000, 100_000, undefined, 100_000])
  expect(readings[2]).toEqual({
    identity: { kind: 'meter', model: 'Schneider iEM3000' },
    sample: {
      state: 'ok',
      faults: [
        'its power of -50,000,000 W is far beyond the 0 W that it has shown out before; it is left out unless the next reading confirms it',
      ],
    },
  })
})

test('a meter that has no map here is refused with the names that have', () => {
  expect(() => open({ map: 'schneider' })).toThrow(
    `expected sunspec, ${MODBUS_MAPS.map(({ name }) => name).join(', ')}, or a map with`,
  )
})

test('the connection is kept from poll to poll and opened again after a fault', async () => {
  const session = open({ map: 'schneider-iem3000' })
  await session.read(never)
  await session.read(never)
  expect(meters.server.connections).toBe(1)
  meters.server.silent = true
  await expect(session.read(AbortSignal.timeout(100))).rejects.toMatchObject({ name: 'TimeoutError' })
  meters.server.silent = false
  await session.read(never)
  expect(meters.server.connections).toBe(2)
})

test('an exception reply says what and where', async () => {
  meters.server.exception = 2
  await expect(open({ map: 'schneider-iem3000', unit: 9 }).read(never)).rejects.toThrow(
    `unit 9 at 127.0.0.1:${meters.server.port} answers "illegal data address" (exception 2) to function 3, register 3059; check the register map`,
  )
})

test('a closed session leaves no connection', async () => {
  const session = open({ map: 'carlo-gavazzi-em24-e1' })
  await session.read(never)
  session.close?.()
  await expect.poll(() => meters.server.open()).toBe(0)
})

test('it can send the two functions that read, and none that writes', () => {
  expect(modbusMeter.requests).toEqual(['modbus 3 read holding registers', 'modbus 4 read input registers'])
})
