import { expect, test } from 'vitest'
import { walkOf } from '../../../snmpd.ts'
import { byPart, never, pduRig } from './pdu-rig.ts'

const rig = pduRig()

/**
 * A maker's recorded walk, one of whose parts shows 0 W beside 230 V, 10 A and a power factor of 0.97. The columns are written again
 * from the MIB.
 */
const DEAD = [
  // Sentry4-MIB, as Checkmk's sentry4_pdu_outlet.py lists st4OutletMonitorTable: 3 in 0.01 A, 6 in 0.1 V, 7 in W, 10 in hundredths
  {
    walk: 'sentry4-outlets',
    part: 'outlet1',
    power: '1718.4.1.8.3.1.7.1.1.1',
    beside: { '1718.4.1.8.3.1.3.1.1.1': 1000, '1718.4.1.8.3.1.6.1.1.1': 2300, '1718.4.1.8.3.1.10.1.1.1': 97 },
  },
  // EATON-EPDU-MIB, as NUT's eaton-pdu-marlin-mib.c reads outletVoltage and outletCurrent: mV and mA
  {
    walk: 'eaton',
    part: 'outlet1',
    power: '534.6.6.7.6.5.1.3.0.1',
    beside: {
      '534.6.6.7.6.4.1.3.0.1': 10_000,
      '534.6.6.7.6.3.1.2.0.1': 230_000,
      '534.6.6.7.6.5.1.6.0.1': 970,
    },
  },
  // GUDEADS-EPC8316-MIB: 5 in 0.001 A, 6 in V, 8 in 0.001
  {
    walk: 'gude',
    part: 'outlet1',
    power: '28507.87.1.5.5.2.1.4.1',
    beside: {
      '28507.87.1.5.5.2.1.5.1': 10_000,
      '28507.87.1.5.5.2.1.6.1': 230,
      '28507.87.1.5.5.2.1.8.1': 970,
    },
  },
  // VERTIV-V5-MIB: pduOutletMeterVoltage 4 in decivolts, pduOutletMeterCurrent 8 in centiamps, pduOutletMeterPowerFactor 14 in %
  {
    walk: 'vertiv-geist',
    part: 'outlet1',
    power: '21239.5.2.3.6.1.12.1',
    beside: { '21239.5.2.3.6.1.8.1': 1000, '21239.5.2.3.6.1.4.1': 2300, '21239.5.2.3.6.1.14.1': 97 },
  },
  // PDU2-MIB: rmsCurrent(1), rmsVoltage(4), powerFactor(7), with their decimal digits
  {
    walk: 'raritan-px3',
    part: 'outlet1',
    power: '13742.6.5.4.3.1.4.1.1.5',
    beside: {
      '13742.6.5.4.3.1.4.1.1.1': 10_000,
      '13742.6.3.5.4.1.7.1.1.1': 3,
      '13742.6.5.4.3.1.4.1.1.4': 230,
      '13742.6.3.5.4.1.7.1.1.4': 0,
      '13742.6.5.4.3.1.4.1.1.7': 97,
      '13742.6.3.5.4.1.7.1.1.7': 2,
    },
  },
  // PowerNet-MIB, rPDU2PhaseStatusTable: 5 in 0.1 A, 6 in V, 7 in 0.01 kW, 9 in hundredths
  {
    walk: 'apc-rpdu2-metered',
    part: 'phase1',
    power: '318.1.1.26.6.3.1.7.1',
    beside: { '318.1.1.26.6.3.1.5.1': 100, '318.1.1.26.6.3.1.6.1': 230, '318.1.1.26.6.3.1.9.1': 97 },
  },
] as const

test.each(DEAD)(
  '$walk: 0 W beside 10 A are left out and told, and the counter is used',
  async ({ walk, part, power, beside }) => {
    const figures = { ...beside, [power]: 0 }
    const isReplaced = (line: string) =>
      Object.keys(figures).some((oid) => line.includes(`.1.3.6.1.4.1.${oid} =`))
    const lines = walkOf(`snmp-pdu-${walk}`)
      .split('\n')
      .filter((line) => !isReplaced(line))
    const type = walk === 'raritan-px3' || walk === 'vertiv-geist' ? 'Gauge32' : 'INTEGER'
    for (const [oid, value] of Object.entries(figures)) lines.push(`.1.3.6.1.4.1.${oid} = ${type}: ${value}`)
    const session = rig.open((await rig.pdu(lines.join('\n'))).port)
    const readings = []
    for (let poll = 0; poll < 3; poll++) readings.push(byPart(await session.read(never)).get(part))
    expect(readings.map((reading) => reading?.sample.powerW)).toEqual([undefined, undefined, undefined])
    expect(readings[2]?.sample.state).toBe('faulty')
    expect(readings[2]?.sample.faults).toContain(
      "its power of 0 W is not used: 230 V x 10 A make 2300 VA, at a power factor of 0.97 2,231 W; check its map and unit, and its transformers' ratio",
    )
    if (walk !== 'apc-rpdu2-metered') expect(readings[0]?.counters?.energyJ).toBeGreaterThan(0)
  },
)
