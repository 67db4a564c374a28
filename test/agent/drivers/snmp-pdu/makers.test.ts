import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { walkOf } from '../../../snmpd.ts'
import { WITH_CAPTURES } from '../../captures.ts'
import { byPart, never, pduRig, powers, TENTH_KWH, WH } from './pdu-rig.ts'

const { pdu, open, read } = pduRig()
const captures = fileURLToPath(new URL('../../../../../shared/captures/power/snmp/', import.meta.url))

test('every recorded walk names its source', () => {
  const folder = new URL('../../../fixtures/pdu/', import.meta.url)
  for (const file of readdirSync(folder))
    expect(readFileSync(new URL(file, folder), 'utf8'), file).toMatch(/^# source: \S.{20,}\n/)
})

describe('each maker’s tables', () => {
  test('Raritan: the inlet and 24 outlets of a PX3, by name', async () => {
    const parts = await read('raritan-px3')
    expect(parts.size).toBe(1 + 24)
    const { uptimeS, ...inlet } = parts.get('inlet')!.sample
    expect(uptimeS).toBeGreaterThanOrEqual(0)
    expect(inlet).toEqual({ state: 'ok', powerW: 1665, powerBasis: 'metered' })
    expect(parts.get('inlet')).toMatchObject({
      identity: {
        kind: 'meter',
        model: 'PX3-5493U-K2',
        firmware: '4.2.0.5-50274',
        hardwareId: 'QX00000001',
      },
      counters: { energyJ: 74_057_676 * WH },
    })
    expect(parts.get('inlet')).not.toHaveProperty('behind')
    expect(parts.get('outlet24')).toMatchObject({
      behind: 'inlet',
      identity: { model: 'PX3-5493U-K2', tags: { name: 'gpu-e feed 1' } },
      sample: { state: 'ok', powerW: 550 },
      counters: { energyJ: 18_327_024 * WH },
    })
    // an idle outlet has no power factor, and is measured all the same
    expect(parts.get('outlet11')).toMatchObject({
      sample: { state: 'ok', powerW: 0 },
      counters: { energyJ: 5_482_365 * WH },
    })
    expect(parts.get('outlet1')?.identity).not.toHaveProperty('tags')
    const outletsW = Object.entries(powers(parts)).filter(([part]) => part !== 'inlet')
    // the PDU's own inlet says 1665 W
    expect(outletsW.reduce((sum, [, powerW]) => sum + powerW!, 0)).toBe(1671)
  })

  test('Raritan: decimal digits, an outlet that is off, one without a value, a warning', async () => {
    // PDU2-MIB, SensorStateEnumeration: unavailable(-1), aboveUpperWarning(5), off(8); inletSensorDecimalDigits
    const walk = walkOf('snmp-pdu-raritan-px3')
      .replace('.6.3.3.4.1.7.1.1.8 = Gauge32: 0', '.6.3.3.4.1.7.1.1.8 = Gauge32: 1')
      .replace('.6.5.2.3.1.3.1.1.5 = INTEGER: 4', '.6.5.2.3.1.3.1.1.5 = INTEGER: 5')
      .replace('.6.5.4.3.1.3.1.6.5 = INTEGER: 4', '.6.5.4.3.1.3.1.6.5 = INTEGER: -1')
      .replace('.6.5.4.3.1.3.1.8.14 = INTEGER: 7', '.6.5.4.3.1.3.1.8.14 = INTEGER: 8')
    const parts = byPart(await open((await pdu(walk)).port).read(never))
    expect(parts.get('inlet')).toMatchObject({
      sample: { powerW: 1665, faults: ['above upper warning'] },
      counters: { energyJ: 74_057_676 * 360 },
    })
    expect(parts.get('outlet6')).toMatchObject({
      sample: { state: 'unknown', faults: ['the PDU has no value for this part'] },
    })
    expect(parts.get('outlet6')).not.toHaveProperty('counters')
    expect(parts.get('outlet8')?.sample.state).toBe('sleeping')
  })

  test('APC rPDU2: 0.01 kW and 0.1 kWh of the inlet, W of the outlets; phases only where outlets are not measured', async () => {
    const parts = await read('apc-rpdu2-outlets')
    expect(parts.size).toBe(1 + 24)
    expect(parts.get('inlet')).toMatchObject({
      identity: { model: 'AP8659', firmware: 'v7.1.2', hardwareId: '5A0000E00001' },
      sample: { powerW: 7230, faults: ['near overload'] },
      counters: { energyJ: 170_982 * TENTH_KWH },
    })
    expect(parts.get('outlet2')).toMatchObject({
      behind: 'inlet',
      identity: { tags: { name: 'Outlet 2' } },
      sample: { powerW: 302, faults: ['overload'] },
      counters: { energyJ: 2_000 * TENTH_KWH },
    })
    expect(parts.get('outlet24')?.sample).toMatchObject({ state: 'sleeping', powerW: 0 })

    const metered = await read('apc-rpdu2-metered')
    expect(powers(metered)).toEqual({ inlet: 1140, phase1: 1140 })
    expect(metered.get('inlet')).toMatchObject({
      identity: { model: 'AP8853', firmware: 'v6.8.0', hardwareId: 'ZA0000000002' },
      counters: { energyJ: 35_128 * TENTH_KWH },
    })
    expect(metered.get('inlet')?.sample).not.toHaveProperty('faults')
    expect(metered.get('phase1')?.behind).toBe('inlet')
  })

  test('APC rPDU2 without measurement: -1 is no power, and the first generation’s W are taken', async () => {
    const walk = walkOf('snmp-pdu-apc-rpdu2-outlets')
      .replaceAll(/(\.26\.(4\.3\.1\.[59]|6\.3\.1\.7|9\.4\.3\.1\.(7|11))\.\d+ = INTEGER:) \d+/g, '$1 -1')
      .trim()
    expect(powers(byPart(await open((await pdu(walk)).port).read(never)))).toEqual({ inlet: 7230 })
  })

  test('APC rPDU1: the power of the whole', async () => {
    const parts = await read('apc-rpdu1')
    expect([...parts.keys()]).toEqual(['inlet'])
    expect(parts.get('inlet')).toMatchObject({ identity: { model: 'AP7850' }, sample: { powerW: 420 } })
    expect(parts.get('inlet')).not.toHaveProperty('counters')
  })

  test('ServerTech Sentry4: a cord, and each outlet behind its own cord, 0.1 kWh and Wh', async () => {
    const smart = await read('sentry4')
    expect(powers(smart)).toEqual({ inlet: 1701 })
    expect(smart.get('inlet')).toMatchObject({
      identity: { tags: { name: 'Master_Cord_A' } },
      sample: { state: 'ok' },
      counters: { energyJ: 8_937 * TENTH_KWH },
    })
    const parts = await read('sentry4-outlets')
    expect(powers(parts)).toEqual({ inlet: 4510, inlet2: 0, outlet1: 2255, outlet2: 2251, 'outlet2.1': 0 })
    expect(parts.get('inlet')).toMatchObject({
      identity: { model: 'C2WG36TE-YQME2M66/C', tags: { name: 'Cord_A' } },
      sample: { faults: ['power above high alarm'] },
      counters: { energyJ: 55_012 * TENTH_KWH },
    })
    expect(parts.get('outlet1')).toMatchObject({ behind: 'inlet', counters: { energyJ: 1_000_001 * WH } })
    expect(parts.get('outlet2.1')).toMatchObject({
      behind: 'inlet2',
      sample: { state: 'sleeping' },
      counters: { energyJ: 2_000_001 * WH },
    })
  })

  test('ServerTech Sentry4: the second unit of a chain, with cords and outlets of its own', async () => {
    // the Checkmk plug-in sentry4_pdu_outlet.py: st4OutletActivePower.1.1.1 and .2.1.1
    const walk = walkOf('snmp-pdu-sentry4-outlets').trim().split('\n')
    const second = walk
      .filter((line) => /\.1718\.4\.1\.[38]\.[23]\.1\.\d+\.1\./.test(line))
      .map((line) => line.replace(/(\.[38]\.[23]\.1\.\d+)\.1\./, '$1.2.'))
    const parts = byPart(await open((await pdu([...walk, ...second].join('\n'))).port).read(never))
    expect(parts.size).toBe(2 * 5)
    expect(powers(parts)).toMatchObject({ inlet: 4510, 'inlet2.1': 4510, 'inlet2.2': 0, 'outlet2.1.1': 2255 })
    expect(parts.get('outlet2.1.1')?.behind).toBe('inlet2.1')
    expect(parts.get('outlet2.2.1')?.behind).toBe('inlet2.2')
    expect(parts.get('outlet2')?.behind).toBe('inlet')
  })

  test('ServerTech Sentry3: the infeeds, and each outlet behind its own', async () => {
    const infeeds = await read('sentry3')
    expect(powers(infeeds)).toEqual({ inlet: 726, inlet2: 809, inlet3: 874 })
    expect(infeeds.get('inlet3')).toMatchObject({
      identity: {
        model: 'CW-24V2C458C1',
        firmware: 'Sentry Switched CDU Version 7.1a',
        tags: { name: 'Master_Z' },
      },
      counters: { energyJ: 928 * TENTH_KWH },
    })
    // Sentry3-MIB, outletTable of a PDU with per-outlet power sensing: outletName, outletStatus off(0), outletPower W, outletEnergy Wh
    const at = '.1.3.6.1.4.1.1718.3.2.3.1'
    const outlets = [
      `${at}.3.1.3.1 = STRING: "gpu-a feed 1"`,
      `${at}.5.1.3.1 = INTEGER: 0`,
      `${at}.14.1.3.1 = INTEGER: 0`,
      `${at}.18.1.3.1 = INTEGER: 850003`,
    ]
    const walk = `${walkOf('snmp-pdu-sentry3').trim()}\n${outlets.join('\n')}`
    const parts = byPart(await open((await pdu(walk)).port).read(never))
    expect(parts.get('outlet3.1')).toMatchObject({
      behind: 'inlet3',
      identity: { tags: { name: 'gpu-a feed 1' } },
      sample: { state: 'sleeping', powerW: 0 },
      counters: { energyJ: 850_003 * WH },
    })
  })

  test('CyberPower: outlets where they are measured, phases where they are only switched and show zeros', async () => {
    const switched = await read('cyberpower-switched')
    expect(powers(switched)).toEqual({ inlet: 219, phase1: 219 })
    expect(switched.get('phase1')).toMatchObject({
      behind: 'inlet',
      identity: { model: 'PDU44005', firmware: '1.3.2', hardwareId: 'XPD0000001' },
      counters: { energyJ: 1 * TENTH_KWH },
    })
    const measured = await read('cyberpower-metered')
    expect(measured.size).toBe(1 + 8)
    expect(measured.get('outlet2')).toMatchObject({
      behind: 'inlet',
      sample: { powerW: 200 },
      counters: { energyJ: 4_002 * TENTH_KWH },
    })
    expect(measured.get('outlet8')?.sample).toMatchObject({ state: 'sleeping', powerW: 0 })
  })

  test('Eaton: W and Wh of inputs and outlets, and the second unit of a chain', async () => {
    const parts = await read('eaton')
    expect(powers(parts)).toEqual({
      inlet: 1530,
      'inlet2.1': 620,
      outlet1: 1528,
      outlet2: 0,
      'outlet2.1': 618,
    })
    expect(parts.get('outlet2')).toMatchObject({
      behind: 'inlet',
      identity: {
        model: 'EPDU MI 38U-A',
        firmware: '2.0.5',
        hardwareId: 'WA00A00001',
        tags: { name: 'gpu-b feed 1' },
      },
      sample: { state: 'sleeping' },
      counters: { energyJ: 21_931 * WH },
    })
    expect(parts.get('outlet2.1')?.behind).toBe('inlet2.1')
  })

  // columns and their order: Observium's and LibreNMS' discovery of GEIST-MIB-V3
  test('Geist before that: W and kWh of the whole', async () => {
    const parts = await read('vertiv-geist-v3')
    expect(powers(parts)).toEqual({ inlet: 346 })
    expect(parts.get('inlet')).toMatchObject({
      identity: { model: 'RCM-IEC', firmware: '3.13.5', hardwareId: '0000000000000003' },
      counters: { energyJ: 5255 * 1000 * WH },
    })
  })

  test('Vertiv Geist: W and Wh of the whole and of its outlets, by their labels', async () => {
    const parts = await read('vertiv-geist')
    expect(powers(parts)).toEqual({ inlet: 2210, outlet1: 2204, outlet2: 0 })
    expect(parts.get('inlet')).toMatchObject({
      identity: { model: 'Geist Upgradeable PDU', firmware: '5.9.0', hardwareId: '0000000000000001' },
      counters: { energyJ: 7_654_321 * WH },
    })
    expect(parts.get('outlet1')).toMatchObject({
      behind: 'inlet',
      identity: { tags: { name: 'gpu-a feed 2' } },
      counters: { energyJ: 7_500_001 * WH },
    })
    expect(parts.get('outlet2')?.sample.state).toBe('sleeping')
  })
})

describe.skipIf(!existsSync(captures))(`the walks of real PDUs ${WITH_CAPTURES}`, () => {
  const captured = (file: string) => readFileSync(`${captures}${file}`, 'utf8')

  test('Raritan PX2: its inlet and its twelve outlets, without a sysObjectID', async () => {
    const agent = await pdu(captured('centreon-pdu-raritan-raritan.snmpwalk'))
    const parts = byPart(await open(agent.port).read(never))
    expect(parts.get('inlet')).toMatchObject({
      sample: { powerW: 242 },
      counters: { energyJ: 1_444_088 * WH },
    })
    const outlets = Array.from({ length: 12 }, (_, i) => parts.get(`outlet${i + 1}`)?.sample.powerW)
    expect(outlets).toEqual([7, 56, 6, 0, 45, 56, 65, 0, 0, 0, 0, 7])
    expect(parts.get('outlet2')).toMatchObject({ behind: 'inlet', counters: { energyJ: 330_830 * WH } })
    expect(parts.size).toBe(13)
  })

  test('CyberPower: phase 1 and the inlet, not the outlets’ zeros', async () => {
    const agent = await pdu(captured('centreon-pdu-cyberpower-CyberPower.snmpwalk'))
    const parts = byPart(await open(agent.port).read(never))
    expect(powers(parts)).toEqual({ inlet: 219, phase1: 219 })
    expect(parts.get('phase1')?.identity).toMatchObject({ model: 'PDU44005', firmware: '1.3.2' })
  })
})
