import type { PduTable } from './table.ts'

const TLP = '1.3.6.1.4.1.850.1.1'

/** TRIPPLITE-PRODUCTS (850.1): Tripp Lite PDUs with PADM or a LX interface. An index is device, outlet. None counts energy. */
export default {
  vendor: 'tripp-lite',
  objectIdPrefix: '1.3.6.1.4.1.850',
  // tlpDeviceModel, tlpDeviceIdentFirmwareVersion, tlpDeviceIdentSerialNum
  about: { model: `${TLP}.1.2.1.5.1`, firmware: `${TLP}.2.1.1.4.1`, hardwareId: `${TLP}.2.1.1.5.1` },
  parts: [
    {
      part: 'inlet',
      rows: `${TLP}.3.2.2.1.1.9`,
      unit: 1,
      power: { column: `${TLP}.3.2.2.1.1.9.#`, scale: 1 }, // tlpPduDeviceOutputPowerTotal, W
      off: { column: `${TLP}.3.2.2.1.1.1.#`, is: 1 }, // tlpPduDeviceMainLoadState: off(1)
    },
    {
      part: 'outlet',
      rows: `${TLP}.3.2.3.3.1.1.9`,
      unit: 1,
      name: `${TLP}.3.2.3.3.1.1.2.#`, // tlpPduOutletName
      power: { column: `${TLP}.3.2.3.3.1.1.9.#`, scale: 1 }, // tlpPduOutletPower, W
      off: { column: `${TLP}.3.2.3.3.1.1.4.#`, is: 1 }, // tlpPduOutletState: off(1)
    },
  ],
} satisfies PduTable
