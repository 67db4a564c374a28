import { expect, test } from 'vitest'
import { PDU_TABLES } from '../../../../agent/drivers/snmp-pdu/tables/index.ts'
import { walkOf } from '../../../snmpd.ts'
import { byPart, never, pduRig, powers, TENTH_KWH, WH } from './pdu-rig.ts'

/** One maker's MIB below the numbers of several sellers. */
const { pdu, open, read } = pduRig()

test('Raritan Dominion PX of the first generation: the inlet and the outlets by label, W and Wh, one that is off', async () => {
  const parts = await read('raritan-px')
  expect(powers(parts)).toEqual({ inlet: 1990, outlet1: 0, outlet2: 507, outlet3: 1475, outlet4: 0 })
  expect(parts.get('inlet')).toMatchObject({
    identity: { firmware: '010507-11172', hardwareId: 'AEI0000001' },
    counters: { energyJ: 4_530_901 * WH },
  })
  expect(parts.get('outlet3')).toMatchObject({
    behind: 'inlet',
    identity: { tags: { name: 'gpu-b feed 1' } },
    sample: { state: 'ok' },
    counters: { energyJ: 3_310_022 * WH },
  })
  expect(parts.get('outlet4')?.sample.state).toBe('sleeping')
})

test('firmware of a Dominion PX without inlets: the whole unit is the inlet', async () => {
  const inlets = /^\.1\.3\.6\.1\.4\.1\.13742\.4\.1\.20\..*\n/gm
  const { port } = await pdu(walkOf('snmp-pdu-raritan-px').replaceAll(inlets, ''))
  const parts = byPart(await open(port).read(never))
  expect(powers(parts)).toMatchObject({ inlet: 1990, outlet2: 507 })
  expect(parts.size).toBe(5)
  expect(parts.get('inlet')).not.toHaveProperty('counters')
  expect(parts.get('outlet2')?.behind).toBe('inlet')
})

test('Eaton Managed ePDU has the MIB of the Dominion PX below its own number', async () => {
  // NUT, eaton-pdu-revelation-mib.c: the same columns below 534.6.6.6.1
  const walk = walkOf('snmp-pdu-raritan-px').replaceAll('.13742.4', '.534.6.6.6')
  const parts = byPart(await open((await pdu(walk)).port).read(never))
  expect(powers(parts)).toEqual({ inlet: 1990, outlet1: 0, outlet2: 507, outlet3: 1475, outlet4: 0 })
})

test('a PX2 that still fills the tables of the first generation is read by its own', async () => {
  const [, ...older] = walkOf('snmp-pdu-raritan-px')
    .split('\n')
    .filter((line) => !line.startsWith('.1.3.6.1.2.1.'))
  const { port } = await pdu(`${walkOf('snmp-pdu-raritan-px3').trim()}\n${older.join('\n')}`)
  for (const settings of [{}, { vendor: 'raritan' }])
    expect(powers(byPart(await open(port, settings).read(never)))).toMatchObject({ inlet: 1665 })
})

test('HPE G2: W of the input and the outlets; counters at 0, and unused phases', async () => {
  const parts = await read('hpe-pdu3')
  expect(powers(parts)).toEqual({ inlet: 900, outlet1: 84, outlet2: 801, outlet3: 0 })
  expect(parts.get('inlet')).toMatchObject({
    identity: { model: 'P9S18A', firmware: '2.0.0.J', hardwareId: 'CN00000002' },
    sample: { state: 'ok' },
  })
  expect(parts.get('outlet2')).toMatchObject({
    behind: 'inlet',
    identity: { tags: { name: 'gpu-b feed 1' } },
    counters: { energyJ: 990_120 * WH },
  })
  expect(parts.get('outlet3')?.sample.state).toBe('sleeping')
})

test('Eaton nLogic: Wh that can be reset and not whole kWh, the part number as model, what is too high', async () => {
  const parts = await read('eaton-nlogic')
  expect(powers(parts)).toEqual({ inlet: 970, outlet1: 640, outlet2: 326, outlet3: 0 })
  expect(parts.get('inlet')).toMatchObject({
    identity: { model: 'EMSV0001', firmware: '1.0.6', hardwareId: 'WMEL0001' },
    counters: { energyJ: 4_821_077 * WH },
  })
  expect(parts.get('outlet2')?.sample.faults).toEqual(['above upper warning'])
})

test('Enlogic Edge: other tables than those of the first Enlogic, by the same maker’s number', async () => {
  const parts = await read('enlogic-edge')
  expect(powers(parts)).toEqual({ inlet: 744, outlet1: 214, outlet2: 530 })
  expect(parts.get('inlet')).toMatchObject({
    identity: { model: 'EN2810', firmware: '1.1.0', hardwareId: 'ENE0000001' },
    counters: { energyJ: 310_444 * WH },
  })
})

test('APC NetShelter Advanced: W and tenths of kWh of the unit and its outlets, by name', async () => {
  const parts = await read('apc-netshelter')
  expect(powers(parts)).toEqual({ inlet: 4583, outlet1: 2301, outlet2: 2270, outlet3: 0 })
  expect(parts.get('inlet')).toMatchObject({
    identity: { model: 'APDU10450SM', firmware: '3.0.0', hardwareId: 'XX0000Y00001' },
    counters: { energyJ: 190_223 * TENTH_KWH },
  })
  expect(parts.get('inlet')?.sample).not.toHaveProperty('faults')
  expect(parts.get('outlet2')).toMatchObject({
    identity: { tags: { name: 'gpu-b feed 1' } },
    sample: { faults: ['above upper warning'] },
    counters: { energyJ: 99_807 * TENTH_KWH },
  })
  expect(parts.get('outlet3')?.sample.state).toBe('sleeping')
})

test('Enlogic with newer firmware: the name plate’s columns moved, so that its part number is no serial number', async () => {
  // LibreNMS, EnlogicPdu.php, and Observium, enlogic-pdu2-mib.inc.php: the first tables, with a name plate as APC has it
  const walk = walkOf('snmp-pdu-apc-netshelter').replaceAll('.318.1.1.32', '.38446.1')
  const parts = byPart(await open((await pdu(walk)).port).read(never))
  expect(parts.get('inlet')).toMatchObject({
    identity: { model: 'APDU10450SM', firmware: '3.0.0', hardwareId: 'XX0000Y00001' },
    sample: { powerW: 4583 },
    counters: { energyJ: 190_223 * TENTH_KWH },
  })
})

test('no two tables begin at the same column, so that no PDU is read as another’s', () => {
  const begins = PDU_TABLES.flatMap(({ parts }) => parts.map(({ rows, named }) => `${rows} ${named ?? ''}`))
  expect(new Set(begins).size).toBe(begins.length)
})
