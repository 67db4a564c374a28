import fc from 'fast-check'
import { expect, test } from 'vitest'
import { REGISTER_TYPES, type RegisterType } from '../../../../agent/drivers/modbus-meter/maps/map.ts'
import { decodeRegisters } from '../../../../agent/drivers/modbus-meter/registers.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

test.each([
  ['int16', 'fffe', -2],
  ['uint16', 'fffe', 65534],
  ['int32', 'fffffffe', -2],
  ['uint32', '00010000', 65536],
  ['int64', '0000 0002 540b e400', 10_000_000_000],
  ['uint64', '0000 0000 0001 0000', 65536],
  ['float32', '41480000', 12.5],
  ['float64', '4029 0000 0000 0000', 12.5],
] as const)('%s %s is %d', (type, bytes, value) => {
  expect(decodeRegisters(hex(bytes), type)).toBe(value)
})

test.each([
  ['int32', '5678 1234', 0x12345678],
  ['int64', 'e400 540b 0002 0000', 10_000_000_000],
  ['float32', '0000 4148', 12.5],
] as const)('%s with the low word first is put in order: %s', (type, bytes, value) => {
  expect(decodeRegisters(hex(bytes), type, 'little')).toBe(value)
})

test.each([
  ['int16', '8000'],
  ['int16', '7fff'],
  ['uint16', 'ffff'],
  ['int32', '7fffffff'],
  ['int64', '8000 0000 0000 0000'],
  ['uint64', 'ffff ffff ffff ffff'],
  ['float32', 'ffc00000'],
  ['float32', '7f800000'],
  // SolarNetwork, PM5100DataTests.java: registers that a PM5330 lacks
  ['float32', '8000 8000'],
  ['float64', '8000 8000 8000 8000'],
  ['float64', '0000 0000 0000 0001'],
] as const)('%s %s is what meters write for "no value"', (type, bytes) => {
  expect(decodeRegisters(hex(bytes), type)).toBeUndefined()
})

test.each([
  ['float32', '0000 0000', 0],
  ['float32', '8000 0000', 0],
  ['float64', '8000 0000 0000 0000', 0],
  ['float32', '3a83 126f', 0.001],
] as const)('%s %s is a measurement: %d', (type, bytes, value) => {
  expect(decodeRegisters(hex(bytes), type)).toBeCloseTo(value, 9)
})

test('any registers are a finite number or no value', () => {
  const types = Object.keys(REGISTER_TYPES) as RegisterType[]
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.constantFrom('big' as const, 'little' as const),
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
      (type, order, bytes) => {
        const value = decodeRegisters(Buffer.from(bytes).subarray(0, REGISTER_TYPES[type] * 2), type, order)
        expect(value === undefined || Number.isFinite(value)).toBe(true)
      },
    ),
  )
})
