import { gauge, int, type PduFace, row, scalar, str } from './pdu-face.ts'

/*
 * Written again from each maker's MIB, and not from the tables of the driver snmp-pdu. Names of columns stand beside their numbers where
 * the numbers alone are not plain.
 */
const MIB = '1.3.6.1.4.1'
const OUTLET_ON = 1

/** PowerNet-MIB, rPDU (318.1.1.12): rPDUIdentDevicePowerWatts of the whole, no energy. */
export const apcRpdu: PduFace = {
  name: 'APC rPDU of the first generation',
  sysObjectId: `${MIB}.318.1.3.4.5`,
  inletOnly: true,
  rows: (inlet) => [
    scalar(`${MIB}.318.1.1.12.1.5`, str('AP7850')),
    scalar(
      `${MIB}.318.1.1.12.1.16`,
      int(() => inlet.powerW),
    ),
  ],
}

/** PowerNet-MIB, rPDU2 (318.1.1.26): 0.01 kW and 0.1 kWh of the device, W and 0.1 kWh of the outlets. */
export const apcRpdu2: PduFace = {
  name: 'APC rPDU2',
  sysObjectId: `${MIB}.318.1.3.4.6`,
  rows(inlet, outlets) {
    const at = `${MIB}.318.1.1.26`
    return [
      row(`${at}.2.1`, [1], { 6: str('v7.1.2'), 8: str('AP8659'), 9: str(inlet.name) }),
      row(`${at}.4.3.1`, [1], {
        2: int(1),
        4: int(2),
        5: int(() => inlet.powerW / 10),
        9: int(() => inlet.countedWh / 100),
      }),
      ...outlets.flatMap((o, i) => [
        row(`${at}.9.2.3.1`, [i + 1], { 5: int(2) }),
        row(`${at}.9.4.3.1`, [i + 1], {
          2: int(1),
          3: str(o.name),
          5: int(2),
          7: int(() => o.powerW),
          11: int(() => o.countedWh / 100),
        }),
      ]),
    ]
  },
}

/** Sentry3-MIB (1718.3): infeeds of a tower, W and 0.1 kWh; outlets W and Wh, on(1). */
export const sentry3: PduFace = {
  name: 'ServerTech Sentry3',
  sysObjectId: `${MIB}.1718.3`,
  rows(inlet, outlets) {
    const at = `${MIB}.1718.3.2`
    return [
      scalar(`${MIB}.1718.3.1.1`, str('Sentry Switched CDU Version 7.1a')),
      row(`${at}.1.1`, [1], { 6: str(inlet.name), 7: str('CW-24V2C458C1') }),
      row(`${at}.2.1`, [1, 1], {
        3: str('Master_X'),
        12: int(() => inlet.powerW),
        16: int(() => inlet.countedWh / 100),
      }),
      ...outlets.map((o, i) =>
        row(`${at}.3.1`, [1, 1, i + 1], {
          3: str(o.name),
          5: int(OUTLET_ON),
          14: int(() => o.powerW),
          18: int(() => o.countedWh),
        }),
      ),
    ]
  },
}

/** Sentry4-MIB (1718.4): cords W and 0.1 kWh, outlets W and Wh, on(1). */
export const sentry4: PduFace = {
  name: 'ServerTech Sentry4',
  sysObjectId: `${MIB}.1718.4`,
  rows(inlet, outlets) {
    const at = `${MIB}.1718.4.1`
    return [
      scalar(`${at}.1.1.3`, str('Version 8.0k')),
      row(`${at}.2.2.1`, [1], { 4: str(inlet.name), 5: str('C2WG36TE-YQME2M66/C') }),
      row(`${at}.3.2.1`, [1, 1], { 3: str('Cord_A') }),
      row(`${at}.3.3.1`, [1, 1], {
        3: int(() => inlet.powerW),
        4: int(0),
        10: int(() => inlet.countedWh / 100),
      }),
      ...outlets.flatMap((o, i) => [
        row(`${at}.8.2.1`, [1, 1, i + 1], { 3: str(o.name) }),
        row(`${at}.8.3.1`, [1, 1, i + 1], {
          1: int(OUTLET_ON),
          7: int(() => o.powerW),
          14: int(() => o.countedWh),
        }),
      ]),
    ]
  },
}

/** CPS-MIB (3808.1.1): ePDU with its phase and outlets, and the device of ePDU2; W and 0.1 kWh. */
export const cyberPower: PduFace = {
  name: 'CyberPower ePDU',
  sysObjectId: `${MIB}.3808.1.1.3`,
  rows(inlet, outlets) {
    const at = `${MIB}.3808.1.1`
    return [
      scalar(`${at}.3.1.3`, str('1.3.2')),
      scalar(`${at}.3.1.5`, str('PDU81005')),
      scalar(`${at}.3.1.6`, str(inlet.name)),
      row(`${at}.3.2.3.1.1`, [1], {
        3: int(1),
        5: int(0),
        7: int(() => inlet.powerW),
        10: int(() => inlet.countedWh / 100),
      }),
      row(`${at}.6.3.4.1`, [1], {
        2: int(1),
        9: int(() => inlet.countedWh / 100),
        18: int(() => inlet.powerW),
      }),
      ...outlets.map((o, i) =>
        row(`${at}.3.3.5.1.1`, [i + 1], {
          2: str(o.name),
          4: int(OUTLET_ON),
          8: gauge(() => o.powerW),
          9: int(1),
          13: gauge(() => o.countedWh / 100),
        }),
      ),
    ]
  },
}

/** RITTAL-CMC-III-MIB (2606.7): variables by name, with the factor of each; energy in 0.1 kWh is -10. */
export const rittal: PduFace = {
  name: 'Rittal PDU managed',
  sysObjectId: `${MIB}.2606.7`,
  rows(inlet, outlets) {
    const at = `${MIB}.2606.7`
    const variable = (number: number, name: string, factor: number, words: string, value: () => number) =>
      row(`${at}.4.2.2.1`, [1, number], { 3: str(name), 7: int(factor), 10: str(words), 11: int(value) })
    const none = () => 0
    return [
      scalar(`${at}.2.4`, str('V5.15.50_11')),
      scalar(`${at}.2.6`, str(inlet.name)),
      row(`${at}.4.1.2.1`, [1], { 2: str('PDU-MAN') }),
      variable(12, 'Unit.Power.Active.Value', 1, '', () => inlet.powerW),
      variable(20, 'Unit.Energy.Active.Value', -10, '', () => inlet.countedWh / 100),
      ...outlets.flatMap((o, i) => {
        const [first, socket] = [100 + 10 * i, `Sockets.Socket ${String(i + 1).padStart(2, '0')}`]
        return [
          variable(first, `${socket}.General.DescName`, 0, o.name, none),
          variable(first + 1, `${socket}.General.Status`, 0, 'On', none),
          variable(first + 2, `${socket}.Power.Active.Value`, 1, '', () => o.powerW),
          variable(first + 3, `${socket}.Energy.Active.Value`, -10, '', () => o.countedWh / 100),
        ]
      }),
    ]
  },
}

/** TRIPPLITE-PRODUCTS (850.1.1): W, and no energy; off(1), on(2). */
export const trippLite: PduFace = {
  name: 'Tripp Lite with PADM',
  sysObjectId: `${MIB}.850.1.1.1`,
  rows(inlet, outlets) {
    const at = `${MIB}.850.1.1`
    return [
      row(`${at}.1.2.1`, [1], { 5: str('PDUMV20NET') }),
      row(`${at}.2.1.1`, [1], { 4: str('20.1.0'), 5: str(inlet.name) }),
      row(`${at}.3.2.2.1.1`, [1], { 1: int(2), 9: gauge(() => inlet.powerW) }),
      ...outlets.map((o, i) =>
        row(`${at}.3.2.3.3.1.1`, [1, i + 1], { 2: str(o.name), 4: int(2), 9: gauge(() => o.powerW) }),
      ),
    ]
  },
}
