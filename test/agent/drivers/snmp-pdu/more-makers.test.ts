import { expect, test } from 'vitest'
import { walkOf } from '../../../snmpd.ts'
import { byPart, never, pduRig, powers, TENTH_KWH, WH } from './pdu-rig.ts'

const { pdu, open, read } = pduRig()

test('Enlogic: W and tenths of kWh of each unit of a chain and its outlets, by name, with what is too high', async () => {
  const parts = await read('enlogic')
  expect(powers(parts)).toEqual({
    inlet: 2312,
    inlet2: 640,
    outlet1: 1502,
    outlet2: 801,
    outlet3: 0,
    'outlet2.1': 633,
  })
  expect(parts.get('inlet')).toMatchObject({
    identity: { model: 'EN6810', firmware: '1.0.16', hardwareId: 'ENL0000001' },
    sample: { faults: ['above upper warning'] },
    counters: { energyJ: 88_123 * TENTH_KWH },
  })
  expect(parts.get('outlet1')).toMatchObject({
    behind: 'inlet',
    identity: { tags: { name: 'gpu-a feed 1' } },
    sample: { faults: ['above upper critical'] },
    counters: { energyJ: 52_011 * TENTH_KWH },
  })
  expect(parts.get('outlet3')?.sample.state).toBe('sleeping')
  expect(parts.get('outlet2.1')?.behind).toBe('inlet2')
})

test('Panduit: W and Wh of the whole and of its outlets; -1 is no value', async () => {
  const parts = await read('panduit')
  expect(powers(parts)).toEqual({ inlet: 1577, outlet1: 1120, outlet2: 455, outlet3: 0 })
  expect(parts.get('inlet')).toMatchObject({
    identity: { model: 'P36E09M', firmware: '3.1.0', hardwareId: '0000000001' },
    counters: { energyJ: 9_120_044 * WH },
  })
  expect(parts.get('outlet1')).toMatchObject({
    behind: 'inlet',
    identity: { tags: { name: 'gpu-a feed 2' } },
    sample: { faults: ['above upper critical'] },
    counters: { energyJ: 6_120_033 * WH },
  })
  expect(parts.get('outlet3')?.sample.state).toBe('sleeping')
})

test('Panduit without metered outlets: its phases', async () => {
  const outlets = /^\.1\.3\.6\.1\.4\.1\.19536\.10\.1\.5\..*\n/gm
  const { port } = await pdu(walkOf('snmp-pdu-panduit').replaceAll(outlets, ''))
  const parts = byPart(await open(port).read(never))
  expect(powers(parts)).toEqual({ inlet: 1577, phase1: 610, phase2: 450, phase3: 517 })
})

test('Gude: the tables below the product’s own number, ports by name, channels without data left out', async () => {
  const parts = await read('gude')
  expect(powers(parts)).toEqual({ inlet: 741, outlet1: 700, outlet2: 40, outlet3: 0 })
  expect(parts.get('inlet')).toMatchObject({
    identity: { model: 'Expert Power Control 8045-1', firmware: '1.2.3' },
    counters: { energyJ: 1_250_033 * WH },
  })
  expect(parts.get('outlet1')).toMatchObject({
    behind: 'inlet',
    identity: { tags: { name: 'gpu-a' } },
    counters: { energyJ: 1_100_020 * WH },
  })
  expect(parts.get('outlet3')?.sample.state).toBe('sleeping')
})

test('a Gude device of another number is read the same way', async () => {
  // GUDEADS-EPC8226-MIB and the others have the tables of the 8045 below their own numbers
  const { port } = await pdu(walkOf('snmp-pdu-gude').replaceAll('.28507.87', '.28507.58'))
  const parts = byPart(await open(port, { vendor: 'gude' }).read(never))
  expect(powers(parts)).toEqual({ inlet: 741, outlet1: 700, outlet2: 40, outlet3: 0 })
})

test('Rittal: variables by their names and scales; phases where no socket is metered', async () => {
  const parts = await read('rittal-metered')
  expect(powers(parts)).toEqual({ inlet: 1639, phase1: 1023, phase2: 311, phase3: 305 })
  expect(parts.get('inlet')).toMatchObject({
    identity: { model: 'PDU-MET', firmware: 'V5.15.50_11', hardwareId: '40000001' },
    counters: { energyJ: 76_365 * TENTH_KWH },
  })
  expect(parts.get('phase2')).toMatchObject({ behind: 'inlet', counters: { energyJ: 13_786 * TENTH_KWH } })
})

test('Rittal: sockets by name and number, with what each has counted, and that it is off', async () => {
  const parts = await read('rittal-managed')
  expect(parts.size).toBe(1 + 11)
  expect(parts.get('inlet')?.counters?.energyJ).toBe(206_037 * TENTH_KWH)
  expect(parts.get('outlet1')?.identity.tags).toEqual({ name: 'gpu-a feed 1' })
  expect(parts.get('outlet10')).toMatchObject({
    behind: 'inlet',
    identity: { tags: { name: 'Socket 10' } },
    sample: { state: 'sleeping', powerW: 0 },
    counters: { energyJ: 40_976 * TENTH_KWH },
  })
  expect(parts.has('phase1')).toBe(false)
})

test('HPE: the first unit is 0, outlets by name, W and Wh', async () => {
  const parts = await read('hpe-pdu2')
  expect(parts.size).toBe(1 + 24)
  expect(parts.get('inlet')).toMatchObject({
    identity: {
      model: 'HP 8.6kVA 208V 30A 3Ph NA/JP maPDU',
      firmware: '02.00.0043',
      hardwareId: 'CN00000001',
    },
    sample: { state: 'ok', powerW: 19 },
    counters: { energyJ: 91_819 * WH },
  })
  expect(parts.get('outlet1')).toMatchObject({
    behind: 'inlet',
    identity: { tags: { name: 'Outlet L1-1' } },
    sample: { state: 'ok', powerW: 0 },
    counters: { energyJ: 1167 * WH },
  })
})

test('HP Intelligent Modular PDU: the load segments of the core, and one that is off', async () => {
  const parts = await read('hpe-ipdu')
  expect(powers(parts)).toEqual({
    inlet: 1934,
    outlet1: 352,
    outlet2: 352,
    outlet3: 260,
    outlet4: 260,
    outlet5: 710,
  })
  expect(parts.get('inlet')).toMatchObject({
    identity: {
      model: 'HP Intelligent Modular PDU',
      firmware: '2.0.22',
      hardwareId: '2C00000001',
      tags: { name: 'rack 12, left' },
    },
  })
  expect(parts.get('inlet')).not.toHaveProperty('counters')
  expect(parts.get('outlet5')).toMatchObject({
    behind: 'inlet',
    sample: { state: 'ok' },
    counters: { energyJ: 7_765_021 * WH },
  })
  const off = walkOf('snmp-pdu-hpe-ipdu').replace(
    '.2.1.1.2.1.5 = STRING: "on"',
    '.2.1.1.2.1.5 = STRING: "off"',
  )
  const later = byPart(await open((await pdu(off)).port).read(never))
  expect(later.get('outlet5')?.sample.state).toBe('sleeping')
})

test('Tripp Lite: W of the whole and of its outlets, by name; it counts no energy', async () => {
  const parts = await read('tripp-lite')
  expect(powers(parts)).toEqual({ inlet: 812, outlet1: 402, outlet2: 398, outlet3: 0 })
  expect(parts.get('inlet')).toMatchObject({
    identity: { model: 'PDUMH20HVATNET', firmware: '12.04.0055', hardwareId: '2500000000001' },
  })
  expect(parts.get('outlet2')).toMatchObject({
    behind: 'inlet',
    identity: { tags: { name: 'gpu-b feed 1' } },
  })
  expect(parts.get('outlet2')).not.toHaveProperty('counters')
  expect(parts.get('outlet3')?.sample.state).toBe('sleeping')
})
