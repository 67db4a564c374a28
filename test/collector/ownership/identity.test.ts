import { describe, expect, it } from 'vitest'
import { identityKeys, isSameMachine, keyText } from '../../../collector/ownership/identity.ts'
import type { Device } from '../../../protocol/device.ts'

const miner = (over: Partial<Device> = {}): Device => ({
  deviceId: 'm1',
  kind: 'asic',
  driver: 'antminer',
  ...over,
})

describe('the identity of a machine', () => {
  it('is its name, its MAC, its serial number and its address', () => {
    expect(identityKeys('m1', miner({ hardwareId: '02:ab:5e:00:00:0c', address: '10.0.3.7' }))).toEqual([
      'id m1',
      'mac 02AB5E00000C',
      'at asic 10.0.3.7',
    ])
    expect(identityKeys('m1', miner({ hardwareId: ' smtjx4abc01 ', mac: '02-AB-5E-00-00-0C' }))).toEqual([
      'id m1',
      'serial asic SMTJX4ABC01',
      'mac 02AB5E00000C',
    ])
  })

  it('is told once where the machine and the network tell the same MAC', () => {
    const both = miner({ hardwareId: '02AB5E00000C', mac: '02:AB:5E:00:00:0C' })
    expect(identityKeys('m1', both)).toEqual(['id m1', 'mac 02AB5E00000C'])
  })

  it.each<[Device['kind'], string, string]>([
    ['asic', '10.0.0.7:4028', '10.0.0.7'],
    ['asic', '10.0.0.7:80', '10.0.0.7'],
    ['asic', 'http://10.0.0.7/', '10.0.0.7'],
    ['asic', 'https://Rig-7.Mine.Example.:443', 'rig-7.mine.example'],
    ['asic', '10.0.0.7:4029', '10.0.0.7:4029'],
    ['asic', '10.0.0.7:4028 @hall-A', '10.0.0.7 @hall-A'],
    ['asic', '2001:DB8:0:0::7', '2001:db8::7'],
    ['asic', '[2001:db8::0007]:4028', '2001:db8::7'],
    ['asic', '[2001:db8::7]:4029', '[2001:db8::7]:4029'],
    ['asic', 'fe80::1%eth0', 'fe80::1'],
    ['asic', '::ffff:10.0.0.7', '10.0.0.7'],
    ['host', '10.0.0.9:623', '10.0.0.9'],
    ['host', 'c0ffee 127.0.0.1:443', 'c0ffee 127.0.0.1'],
    ['meter', '10.0.0.5:502 unit=3', '10.0.0.5:502 unit=3'],
    ['meter', 'PDU-1:161', 'pdu-1:161'],
    ['service', 'Llm-1:8000/Metrics', 'llm-1:8000/Metrics'],
    ['gpu', 'c0ffee/nvml', 'c0ffee/nvml'],
  ])('of a %s at %s is its place %s', (kind, address, place) => {
    expect(identityKeys('m1', { deviceId: 'm1', kind, driver: 'd', address })[1]).toBe(`at ${kind} ${place}`)
    expect(identityKeys('m1', { deviceId: 'm1', kind, driver: 'd', address: place })[1]).toBe(
      `at ${kind} ${place}`,
    )
  })

  it('is the name alone where an agent has told nothing else', () => {
    expect(identityKeys('m1')).toEqual(['id m1'])
  })

  it('of a part is its address within the machine', () => {
    const outlet = (deviceId: string): Device => ({
      deviceId,
      kind: 'meter',
      driver: 'snmp-pdu',
      address: '10.0.0.5:161',
    })
    expect(identityKeys('pdu-1/outlet3', outlet('pdu-1/outlet3'))[1]).toBe('at meter 10.0.0.5:161/outlet3')
    expect(identityKeys('p/outlet3', outlet('p/outlet3'))[1]).toBe('at meter 10.0.0.5:161/outlet3')
  })

  it.each([
    '0',
    '00000000',
    'FFFFFFFFFFFF',
    'xxxxxxxx',
    'N/A',
    'None',
    'Default string',
    'To be filled by O.E.M.',
    'System Serial Number',
    'Not Specified',
    '0123456789',
    '123456789',
    'A12',
    '',
  ])('is no serial number such as "%s", which other machines say too', (hardwareId) => {
    expect(identityKeys('m1', miner({ hardwareId }))).toEqual(['id m1'])
  })

  it.each(['00771234', '771234', '0077-1234', '77.12.34', 'S/N: 77/1234', '77 1234'])(
    'is the serial number 771234 where it is written %s',
    (hardwareId) => expect(identityKeys('m1', miner({ hardwareId }))[1]).toBe('serial asic 771234'),
  )

  it('is an address on the PCI bus only within one computer', () => {
    const gpu = (computer?: string): Device => ({
      deviceId: 'g/gpu0',
      kind: 'gpu',
      driver: 'amdgpu-sysfs',
      hardwareId: '0000:C1:00.0',
      ...(computer && { computer }),
    })
    expect(identityKeys('g/gpu0', gpu())).toEqual(['id g/gpu0'])
    expect(identityKeys('g/gpu0', gpu('c1'))).toEqual(['id g/gpu0', 'pci c1 0000:c1:00.0'])
  })

  it('is not shared by an address that another machine had before, where both tell who they are', () => {
    const at = 'at asic 10.0.3.7'
    const [a, b] = ['mac 02AB5E00000C', 'mac 02AB5E00000D']
    expect(isSameMachine(at, [at, a], [at, b])).toBe(false)
    expect(isSameMachine(at, [at, a], [at, 'serial asic SMTJX4ABC01'])).toBe(true)
    expect(isSameMachine(at, [at, a], [at])).toBe(true)
    expect(isSameMachine(at, [at, a, 'serial asic S1111X'], [at, a, 'serial asic S2222X'])).toBe(true)
    expect(isSameMachine('id m1', [a], [b])).toBe(true)
  })

  it('is told in words', () => {
    const keys = [
      'id gpu-01/gpu3',
      'mac 02AB5E00000C',
      'serial gpu GPU-5C1F',
      'pci c1 0000:c1:00.0',
      'at meter 10.0.0.5:502 unit=3',
    ]
    expect(keys.map(keyText)).toEqual([
      'the name gpu-01/gpu3',
      'the MAC 02:AB:5E:00:00:0C',
      'the serial number GPU-5C1F',
      'the PCI address 0000:c1:00.0 of one computer',
      'the address 10.0.0.5:502 unit=3',
    ])
  })
})
