import { gauge, int, type PduFace, row, scalar, str } from './pdu-face.ts'

/*
 * Written again from each maker's MIB, and not from the tables of the driver snmp-pdu. Names of columns stand beside their numbers where
 * the numbers alone are not plain.
 */
const MIB = '1.3.6.1.4.1'
const OUTLET_ON = 1

/** PDU2-MIB (13742.6). The last number of an index is the sensor's type: 5 is active power, 8 active energy; 4 is normal. */
export const raritan: PduFace = {
  name: 'Raritan PX3',
  sysObjectId: `${MIB}.13742.6`,
  rows(inlet, outlets) {
    const at = `${MIB}.13742.6`
    return [
      row(`${at}.3.2.1.1`, [1], { 3: str('PX3-5190V'), 4: str(inlet.name.toUpperCase()) }),
      ...[{ part: inlet, config: '3.3.3.1', digits: '3.3.4.1', values: '5.2.3.1', n: 1, label: '' }]
        .concat(
          outlets.map((part, i) => ({
            part,
            config: '3.5.3.1',
            digits: '3.5.4.1',
            values: '5.4.3.1',
            n: i + 1,
            label: part.name,
          })),
        )
        .flatMap(({ part, config, digits, values, n, label }) => [
          row(`${at}.${config}`, [1, n], { 2: str(String(n)), 3: str(label) }),
          row(`${at}.${digits}`, [1, n, 5], { 7: gauge(0) }),
          row(`${at}.${digits}`, [1, n, 8], { 7: gauge(0) }),
          row(`${at}.${values}`, [1, n, 5], { 3: int(4), 4: gauge(() => Math.round(part.powerW)) }),
          row(`${at}.${values}`, [1, n, 8], { 3: int(4), 4: gauge(() => part.countedWh) }),
        ]),
    ]
  },
}

/** EATON-EPDU-MIB (534.6.6.7): the first unit of a chain is 0; W and Wh. */
export const eaton: PduFace = {
  name: 'Eaton ePDU G3',
  sysObjectId: `${MIB}.534.6.6.7.1`,
  rows(inlet, outlets) {
    const at = `${MIB}.534.6.6.7`
    return [
      row(`${at}.1.2.1`, [0], { 2: str('EPDU MI 38U-A'), 4: str(inlet.name), 5: str('2.0.5') }),
      row(`${at}.3.5.1`, [0, 1], { 4: int(() => inlet.powerW), 5: gauge(() => inlet.countedWh) }),
      ...outlets.flatMap((o, i) => [
        row(`${at}.6.1.1`, [0, i + 1], { 3: str(o.name) }),
        row(`${at}.6.5.1`, [0, i + 1], { 3: int(() => o.powerW), 4: gauge(() => o.countedWh) }),
        row(`${at}.6.6.1`, [0, i + 1], { 2: int(OUTLET_ON) }),
      ]),
    ]
  },
}

/** VERTIV-V5-MIB (21239.5.2): W and watt-hours; pduOutletSwitchState on(1). */
export const vertiv: PduFace = {
  name: 'Vertiv Geist',
  sysObjectId: `${MIB}.21239.5.2`,
  rows(inlet, outlets) {
    const at = `${MIB}.21239.5.2`
    return [
      scalar(`${at}.1.1`, str('Geist Upgradeable PDU')),
      scalar(`${at}.1.2`, str('5.9.0')),
      row(`${at}.3.1.1`, [1], {
        2: str(inlet.name),
        9: gauge(() => inlet.powerW),
        12: gauge(() => inlet.countedWh),
      }),
      ...outlets.flatMap((o, i) => [
        row(`${at}.3.5.1`, [i + 1], { 4: int(OUTLET_ON) }),
        row(`${at}.3.6.1`, [i + 1], {
          3: str(o.name),
          12: gauge(() => o.powerW),
          15: gauge(() => o.countedWh),
        }),
      ]),
    ]
  },
}

/** GEIST-MIB-V3, ctrl3ChIECTable (21239.2.25): the whole alone, in W and whole kWh. */
export const geistV3: PduFace = {
  name: 'Geist V3',
  sysObjectId: `${MIB}.21239.2`,
  inletOnly: true,
  rows(inlet) {
    const at = `${MIB}.21239.2`
    return [
      scalar(`${at}.1.1`, str('RCM-IEC')),
      scalar(`${at}.1.2`, str('3.13.5')),
      row(`${at}.25.1`, [1], {
        3: str(inlet.name),
        4: gauge(() => 1),
        29: gauge(() => Math.floor(inlet.countedWh / 1000)),
        30: gauge(() => inlet.powerW),
      }),
    ]
  },
}

/** GUDEADS-EPC8045-MIB (28507.87): Wh before W; the status of a channel is 1 where it is valid. */
export const gude: PduFace = {
  name: 'Gude Expert Power Control 8045',
  sysObjectId: `${MIB}.28507.87`,
  rows(inlet, outlets) {
    const at = `${MIB}.28507.87.1`
    return [
      scalar(`${at}.1.2.1`, str('Expert Power Control 8045-1')),
      scalar(`${at}.1.2.2`, str('1.2.3')),
      row(`${at}.5.1.2.1`, [1], { 2: int(1), 3: gauge(() => inlet.countedWh), 4: int(() => inlet.powerW) }),
      ...outlets.flatMap((o, i) => [
        row(`${at}.3.1.2.1`, [i + 1], { 2: str(o.name), 3: int(OUTLET_ON) }),
        row(`${at}.5.5.2.1`, [i + 1], { 2: int(1), 3: gauge(() => o.countedWh), 4: int(() => o.powerW) }),
      ]),
    ]
  },
}

/** CPQPOWER-MIB, mpdu (232.165.5): W of the whole, W and Wh of the segments; the status is a word. */
export const hpeIpdu: PduFace = {
  name: 'HP Intelligent Modular PDU',
  sysObjectId: `${MIB}.232.165.5`,
  rows(inlet, outlets) {
    const at = `${MIB}.232.165.5`
    return [
      row(`${at}.1.2.1`, [1], {
        3: str('HP Intelligent Modular PDU'),
        4: str('rack 12, left'),
        5: str('2.0.22'),
        8: str(inlet.name),
        38: int(() => inlet.powerW),
      }),
      ...outlets.map((o, i) =>
        row(`${at}.2.1.1`, [1, i + 1], { 2: str('on'), 9: int(() => o.powerW), 13: int(() => o.countedWh) }),
      ),
    ]
  },
}

/** CPQPOWER-MIB, pdu2 (232.165.7): the first unit of a chain is 0; W and Wh; off(1), on(2). */
export const hpePdu2: PduFace = {
  name: 'HPE managed PDU',
  sysObjectId: `${MIB}.232.165.7`,
  rows(inlet, outlets) {
    const at = `${MIB}.232.165.7`
    return [
      row(`${at}.1.2.1`, [0], { 3: str('HP 8.6kVA maPDU'), 5: str('02.00.0043'), 7: str(inlet.name) }),
      row(`${at}.2.1.1`, [0], { 5: int(() => inlet.powerW), 6: int(() => inlet.countedWh) }),
      ...outlets.flatMap((o, i) => [
        row(`${at}.5.1.1`, [0, i + 1], {
          2: str(o.name),
          14: int(() => o.powerW),
          15: int(() => o.countedWh),
        }),
        row(`${at}.5.2.1`, [0, i + 1], { 1: int(2) }),
      ]),
    ]
  },
}
