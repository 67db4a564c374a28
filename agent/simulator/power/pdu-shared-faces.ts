import { gauge, int, type PduFace, row, scalar, str } from './pdu-face.ts'

/*
 * Written again from each maker's MIB, and not from the tables of the driver snmp-pdu. Names of columns stand beside their numbers where
 * the numbers alone are not plain.
 */
const OUTLET_ON = 1

/** PDU-MIB: board(1) with info .1, outlets .2, inlets .20. */
export const dominionPx = (name: string, sysObjectId: string): PduFace => ({
  name,
  sysObjectId,
  rows(inlet, outlets) {
    const at = `${sysObjectId}.1`
    return [
      scalar(`${at}.1.1`, str('010507-11172')),
      scalar(`${at}.1.2`, str(inlet.name)),
      row(`${at}.20.2.1`, [1], { 9: gauge(() => inlet.powerW), 12: gauge(() => inlet.countedWh) }),
      ...outlets.map((o, i) =>
        row(`${at}.2.2.1`, [i + 1], {
          2: str(o.name),
          3: int(OUTLET_ON),
          7: gauge(() => o.powerW),
          31: gauge(() => o.countedWh),
        }),
      ),
    ]
  },
})

/** ENLOGIC-PDU-MIB, and APC-CPDU-MIB with the same tables. */
export const enlogic = (name: string, sysObjectId: string, plate: Record<number, string>): PduFace => ({
  name,
  sysObjectId,
  rows(inlet, outlets) {
    const plateCells = Object.fromEntries(
      Object.entries(plate).map(([column, words]) => [column, str(words)]),
    )
    return [
      row(`${sysObjectId}.1.2.1`, [1], plateCells),
      row(`${sysObjectId}.2.4.1`, [1], {
        3: int(5),
        4: int(() => inlet.powerW),
        9: int(() => inlet.countedWh / 100),
      }),
      ...outlets.flatMap((o, i) => [
        row(`${sysObjectId}.5.4.1`, [1, i + 1], { 4: int(OUTLET_ON) }),
        row(`${sysObjectId}.5.9.1`, [1, i + 1], {
          3: str(o.name),
          4: int(5),
          6: int(() => o.powerW),
          11: int(() => o.countedWh / 100),
        }),
      ]),
    ]
  },
})

/** nLogic's MIB below its sellers' numbers: off(1), on(2); whole kWh .6 and Wh .8 of the input. */
export const nlogic = (name: string, sysObjectId: string, root = sysObjectId): PduFace => ({
  name,
  sysObjectId,
  rows: (inlet, outlets) => [
    row(`${root}.1.2.1`, [1], {
      3: str('200-240V, 24A, 5.0kVA, 50/60Hz'),
      5: str('1.0.6'),
      7: str('EMSV0001'),
      8: str(inlet.name),
    }),
    row(`${root}.2.1.1`, [1], {
      5: int(() => inlet.powerW),
      6: int(() => inlet.countedWh / 1000),
      8: int(() => inlet.countedWh),
    }),
    ...outlets.flatMap((o, i) => [
      row(`${root}.5.1.1`, [1, i + 1], {
        2: str(o.name),
        6: int(1),
        13: int(() => o.powerW),
        14: int(() => o.countedWh),
      }),
      row(`${root}.5.2.1`, [1, i + 1], { 1: int(2) }),
    ]),
  ],
})
