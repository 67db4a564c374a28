import { type PduTable, WH } from './table.ts'

const MPDU = '1.3.6.1.4.1.232.165.5'

/**
 * CPQPOWER-MIB, mpdu (232.165.5): HP Intelligent Modular PDU. Its outlets are the load segments of the core; an index is PDU, segment.
 * The extension bars behind them have no rows here, because each watt would count twice.
 */
export default {
  vendor: 'hpe',
  objectIdPrefix: MPDU,
  // mpduModel, mpduFirmwareVersion, mpduSerialNumber
  about: { model: `${MPDU}.1.2.1.3.1`, firmware: `${MPDU}.1.2.1.5.1`, hardwareId: `${MPDU}.1.2.1.8.1` },
  parts: [
    {
      part: 'inlet',
      rows: `${MPDU}.1.2.1.38`,
      unit: 1,
      name: `${MPDU}.1.2.1.4.#`, // mpduName
      power: { column: `${MPDU}.1.2.1.38.#`, scale: 1 }, // mpduTotalPowerWatt
    },
    {
      part: 'outlet',
      rows: `${MPDU}.2.1.1.9`,
      unit: 1,
      power: { column: `${MPDU}.2.1.1.9.#`, scale: 1 }, // mpduOutputPowerWatt
      energy: { column: `${MPDU}.2.1.1.13.#`, scale: WH }, // mpduOutputPowerWattHour
      off: { column: `${MPDU}.2.1.1.2.#`, is: 'off' }, // mpduOutputStatus: off, on, problem
    },
  ],
} satisfies PduTable
