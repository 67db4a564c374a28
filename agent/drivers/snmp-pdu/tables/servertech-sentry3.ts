import { type PduTable, TENTH_KWH, WH } from './table.ts'

const ST3 = '1.3.6.1.4.1.1718.3.2'

/** Sentry3-MIB (1718.3). An infeed is one phase of a tower's cord, and each outlet belongs to one infeed. An index is tower, infeed, outlet. */
export default {
  vendor: 'servertech',
  objectIdPrefix: '1.3.6.1.4.1.1718.3',
  // towerModelNumber, systemVersion, towerProductSN
  about: { model: `${ST3}.1.1.7.1`, firmware: '1.3.6.1.4.1.1718.3.1.1.0', hardwareId: `${ST3}.1.1.6.1` },
  parts: [
    {
      part: 'inlet',
      rows: `${ST3}.2.1.12`,
      unit: 2,
      name: `${ST3}.2.1.3.#`, // infeedName
      power: { column: `${ST3}.2.1.12.#`, scale: 1 }, // infeedPower, W
      energy: { column: `${ST3}.2.1.16.#`, scale: TENTH_KWH }, // infeedEnergy
    },
    {
      part: 'outlet',
      rows: `${ST3}.3.1.14`,
      unit: 2,
      name: `${ST3}.3.1.3.#`, // outletName
      power: { column: `${ST3}.3.1.14.#`, scale: 1 }, // outletPower, W
      energy: { column: `${ST3}.3.1.18.#`, scale: WH }, // outletEnergy
      off: { column: `${ST3}.3.1.5.#`, is: 0 }, // outletStatus: off(0)
    },
  ],
} satisfies PduTable
