import { type PduTable, WH } from './table.ts'

const PDU2 = '1.3.6.1.4.1.232.165.7'

/** CPQPOWER-MIB, pdu2 (232.165.7): HPE monitored and managed PDUs. An index is unit, outlet; the first unit of a chain is 0. */
export default {
  vendor: 'hpe',
  generation: 2,
  objectIdPrefix: PDU2,
  // pdu2Model, pdu2FirmwareVersion, pdu2SerialNumber
  about: { model: `${PDU2}.1.2.1.3.0`, firmware: `${PDU2}.1.2.1.5.0`, hardwareId: `${PDU2}.1.2.1.7.0` },
  parts: [
    {
      part: 'inlet',
      rows: `${PDU2}.2.1.1.5`,
      unit: 1,
      firstUnit: 0,
      power: { column: `${PDU2}.2.1.1.5.#`, scale: 1 }, // pdu2InputPowerWatts
      energy: { column: `${PDU2}.2.1.1.6.#`, scale: WH }, // pdu2InputPowerWattHour
    },
    {
      part: 'phase',
      rows: `${PDU2}.2.2.1.21`,
      unit: 1,
      firstUnit: 0,
      power: { column: `${PDU2}.2.2.1.21.#`, scale: 1 }, // pdu2InputPhasePowerWatts
    },
    {
      part: 'outlet',
      rows: `${PDU2}.5.1.1.14`,
      unit: 1,
      firstUnit: 0,
      name: `${PDU2}.5.1.1.2.#`, // pdu2OutletName
      power: { column: `${PDU2}.5.1.1.14.#`, scale: 1 }, // pdu2OutletWatts
      energy: { column: `${PDU2}.5.1.1.15.#`, scale: WH }, // pdu2OutletWh
      off: { column: `${PDU2}.5.2.1.1.#`, is: 1 }, // pdu2OutletControlStatus: off(1)
    },
  ],
} satisfies PduTable
