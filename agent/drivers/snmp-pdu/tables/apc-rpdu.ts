import type { PduTable } from './table.ts'

const RPDU1 = '1.3.6.1.4.1.318.1.1.12'

/** PowerNet-MIB, rPDU (318.1.1.12): the first generation measures only the power of the whole PDU. */
export default {
  vendor: 'apc',
  objectIdPrefix: '1.3.6.1.4.1.318',
  // rPDUIdentModelNumber, rPDUIdentFirmwareRev, rPDUIdentSerialNumber
  about: { model: `${RPDU1}.1.5.0`, firmware: `${RPDU1}.1.3.0`, hardwareId: `${RPDU1}.1.6.0` },
  parts: [
    {
      part: 'inlet',
      rows: `${RPDU1}.1.16`,
      unit: 0,
      power: { column: `${RPDU1}.1.16.#`, scale: 1 }, // rPDUIdentDevicePowerWatts
    },
  ],
} satisfies PduTable
