import { KWH, type PduTable } from './table.ts'

const V3 = '1.3.6.1.4.1.21239.2'
const ENTRY = `${V3}.25.1`

/**
 * GEIST-MIB-V3, ctrl3ChIECTable (21239.2.25): Geist rack PDUs before the interchangeable monitoring device. They measure the whole and its
 * three phases. A phase that is not wired shows 0 V. Columns as Observium's discovery of GEIST-MIB-V3 and LibreNMS' geist-pdu read them.
 */
export default {
  vendor: 'vertiv',
  objectIdPrefix: '1.3.6.1.4.1.21239.2',
  // productTitle, productVersion, ctrl3ChIECSerial of the first
  about: { model: `${V3}.1.1.0`, firmware: `${V3}.1.2.0`, hardwareId: `${ENTRY}.2.1` },
  parts: [
    {
      part: 'inlet',
      rows: `${ENTRY}.30`,
      unit: 0,
      only: { column: `${ENTRY}.4.#`, is: 1 }, // ctrl3ChIECAvail
      name: `${ENTRY}.3.#`, // ctrl3ChIECName
      power: { column: `${ENTRY}.30.#`, scale: 1 }, // ctrl3ChIECRealPowerTotal, W
      energy: { column: `${ENTRY}.29.#`, scale: KWH }, // ctrl3ChIECkWattHrsTotal, kWh
    },
  ],
} satisfies PduTable
