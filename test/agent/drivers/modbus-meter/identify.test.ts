import { describe, expect, test } from 'vitest'
import { MODBUS_MAPS } from '../../../../agent/drivers/modbus-meter/maps/index.ts'
import { meterRig } from './meter-rig.ts'

const meters = meterRig()
const { read } = meters

/** What models say in their identification register, and the map that is theirs; a text stands as the registers have it. */
const MODELS: [
  model: string,
  tables: 'input' | 'holding',
  address: number,
  hex: string,
  map: string | undefined,
][] = [
  // dbus-modbus-client, carlo_gavazzi.py: 1648 to 1653
  ['EM24DINAV23XE1X', 'input', 0x0b, '0670', 'carlo-gavazzi-em24-e1'],
  // dbus-cgwacs, ac_sensor.cpp: 71 to 73 are EM24, 330 to 345 EM3x0 and ET3x0, 102 to 121 EM112, 1744 to 1763 EM5x0
  ['EM24-DIN AV2', 'input', 0x0b, '0047', 'carlo-gavazzi-em24-rs485'],
  ['EM24-DIN AV6', 'input', 0x0b, '0049', 'carlo-gavazzi-em24-rs485'],
  ['EM340-DIN AV2', 'input', 0x0b, '0155', 'carlo-gavazzi-em3x0'],
  ['ET340-DIN AV2', 'input', 0x0b, '0159', 'carlo-gavazzi-em3x0'],
  ['EM112-DIN', 'input', 0x0b, '0066', undefined],
  ['EM540-DIN', 'input', 0x0b, '06e0', undefined],
  // dbus-modbus-client, abb.py
  ['ABB B23', 'holding', 0x8960, '4232 3320', 'abb-b2x'],
  // OpenEMS, AbstractSocomecMeter.java: the text of eight registers at 0xC38A
  ['Diris B30', 'holding', 0xc38a, '4449 5249 5320 4233 3000', 'socomec-diris-b30'],
  ['Countis E44', 'holding', 0xc38a, '434f 554e 5449 5320 4534 3400', 'socomec-countis-e3x'],
  ['Diris A14', 'holding', 0xc38a, '4449 5249 5320 4131 3400', undefined],
  // Schneider's register lists, register 50: Meter Model
  ['iEM3155', 'holding', 0x31, '6945 4d33 3135 3500', 'schneider-iem3000'],
  ['PM5110', 'holding', 0x31, '504d 3531 3130', 'schneider-pm5000'],
  // dbus-modbus-client, shelly.py: low byte first
  ['Shelly Pro 3EM', 'input', 6, '5053 4d45 302d 3330 4543 4542 0055', 'shelly-pro-3em'],
]

const told = (table: 'input' | 'holding', address: number) =>
  MODBUS_MAPS.filter(
    ({ identify }) => identify?.address === address && (identify.function === 4) === (table === 'input'),
  )

describe.each(MODELS)('a meter that says it is %s', (_model, table, address, hex, own) => {
  const say = () => Buffer.from(hex.replaceAll(' ', ''), 'hex').copy(meters.server[table], 2 * address)

  if (own)
    test('is read by its own map', async () => {
      say()
      await expect(read({ map: own })).resolves.toMatchObject({ identity: { kind: 'meter' } })
    })

  test('is refused by the maps of others, with the name of its own', async () => {
    say()
    const others = told(table, address).filter(({ name }) => name !== own)
    for (const { name } of others)
      await expect(read({ map: name })).rejects.toMatchObject({
        code: 'other-meter',
        message: expect.stringContaining(own ? `set map: ${own}` : 'name its own map, or its registers'),
      })
    expect(told(table, address).length).toBeGreaterThan(0)
  })
})

test('the error says which model the meter is, and which the map is for', async () => {
  meters.server.input.writeUInt16BE(71, 2 * 0x0b)
  await expect(read({ map: 'carlo-gavazzi-em24-e1' })).rejects.toThrow(
    'it says that it is model 71, and Carlo Gavazzi EM24_E1 is 1648, 1649, 1650, 1651, 1652, 1653; set map: carlo-gavazzi-em24-rs485',
  )
})

test('a meter that has nothing there, or noise, is taken for the map’s', async () => {
  for (const hex of ['0000', 'ffff ffff', '0102 8384']) {
    Buffer.from(hex.replaceAll(' ', ''), 'hex').copy(meters.server.holding, 2 * 0x31)
    await expect(read({ map: 'schneider-iem3000' })).resolves.toBeDefined()
  }
})
