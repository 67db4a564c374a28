import { expect, test } from 'vitest'
import { isOtherHardware, lastingId } from '../../../../agent/wire/loose-json/hardware-id.ts'

test.each([
  ['02:00:5E:00:00:01', '02005e000001', 'the same digits'],
  ['02:00:5E:00:00:01', 'SN-4711', 'a MAC and a serial number'],
  ['02:00:5E:00:00:01', '020100008c690001', 'a MAC and the id of a chip'],
  ['SN-4711', '020100008c690001', 'a serial number and the id of a chip'],
  ['SN-4711', 'sn-4711 ', 'a serial number in other letters'],
])('%s and %s may be one machine: %s', (a, b) => {
  expect([isOtherHardware(a, b), isOtherHardware(b, a)]).toEqual([false, false])
  expect([lastingId(a, b), lastingId(a, undefined), lastingId(undefined, b)]).toEqual([a, a, b])
})

test.each([
  ['02:00:5E:00:00:01', '02-00-5e-00-00-02'],
  ['SN-4711', 'SN-4712'],
  ['020100008c690001', '020100008c690002'],
  ['4c4c4544-0000-1000-8000-000000000001', '4c4c4544-0000-1000-8000-000000000002'],
])('%s and %s are two machines', (a, b) => {
  expect(isOtherHardware(a, b)).toBe(true)
  expect(lastingId(a, b)).toBe(b)
})
