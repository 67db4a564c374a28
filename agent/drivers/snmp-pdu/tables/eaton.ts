import { type PduTable, WH } from './table.ts'

const EPDU = '1.3.6.1.4.1.534.6.6.7'

/** EATON-EPDU-MIB (534.6.6.7): ePDU G3 and newer. An index is unit, input or outlet; the first unit of a chain is 0. */
export default {
  vendor: 'eaton',
  objectIdPrefix: EPDU,
  // productName, firmwareVersion, serialNumber
  about: { model: `${EPDU}.1.2.1.2.0`, firmware: `${EPDU}.1.2.1.5.0`, hardwareId: `${EPDU}.1.2.1.4.0` },
  parts: [
    {
      part: 'inlet',
      rows: `${EPDU}.3.5.1.4`,
      unit: 1,
      firstUnit: 0,
      power: { column: `${EPDU}.3.5.1.4.#`, scale: 1 }, // inputTotalWatts
      energy: { column: `${EPDU}.3.5.1.5.#`, scale: WH }, // inputTotalWh
    },
    {
      part: 'outlet',
      rows: `${EPDU}.6.5.1.3`,
      unit: 1,
      firstUnit: 0,
      name: `${EPDU}.6.1.1.3.#`, // outletName
      power: { column: `${EPDU}.6.5.1.3.#`, scale: 1 }, // outletWatts
      energy: { column: `${EPDU}.6.5.1.4.#`, scale: WH }, // outletWh
      beside: {
        volts: { column: `${EPDU}.6.3.1.2.#`, scale: 0.001 }, // outletVoltage, mV
        amps: { column: `${EPDU}.6.4.1.3.#`, scale: 0.001 }, // outletCurrent, mA
        powerFactor: { column: `${EPDU}.6.5.1.6.#`, scale: 0.001 }, // outletPowerFactor, thousandths
      },
      off: { column: `${EPDU}.6.6.1.2.#`, is: 0 }, // outletControlStatus: off(0)
    },
  ],
} satisfies PduTable
