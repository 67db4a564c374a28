import { type PduTable, WH } from './table.ts'

/** `*` is the product: each Gude device has a MIB of its own, with the same tables below another number. */
const GUDE = '1.3.6.1.4.1.28507.*.1'

/** GUDEADS-EPC...-MIB (28507): Gude Expert Power Control and Expert PDU. Its power channels are the inlets. */
export default {
  vendor: 'gude',
  objectIdPrefix: '1.3.6.1.4.1.28507',
  // ProdName, FWVersion, SerialNumber
  about: { model: `${GUDE}.1.2.1.0`, firmware: `${GUDE}.1.2.2.0`, hardwareId: `${GUDE}.1.2.5.0` },
  parts: [
    {
      part: 'inlet',
      rows: `${GUDE}.5.1.2.1.4`,
      unit: 0,
      only: { column: `${GUDE}.5.1.2.1.2.#`, is: 1 }, // ChanStatus: 1 is valid
      power: { column: `${GUDE}.5.1.2.1.4.#`, scale: 1 }, // PowerActive, W
      energy: { column: `${GUDE}.5.1.2.1.3.#`, scale: WH }, // AbsEnergyActive
      beside: {
        volts: { column: `${GUDE}.5.1.2.1.6.#`, scale: 1 }, // Voltage, V
        amps: { column: `${GUDE}.5.1.2.1.5.#`, scale: 0.001 }, // Current, mA
        powerFactor: { column: `${GUDE}.5.1.2.1.8.#`, scale: 0.001 }, // PowerFactor
      },
    },
    {
      part: 'outlet',
      rows: `${GUDE}.5.5.2.1.4`,
      unit: 0,
      only: { column: `${GUDE}.5.5.2.1.2.#`, is: 1 }, // spChanStatus
      name: `${GUDE}.3.1.2.1.2.#`, // PortName
      power: { column: `${GUDE}.5.5.2.1.4.#`, scale: 1 }, // spPowerActive, W
      energy: { column: `${GUDE}.5.5.2.1.3.#`, scale: WH }, // spAbsEnergyActive
      beside: {
        volts: { column: `${GUDE}.5.5.2.1.6.#`, scale: 1 }, // spVoltage, V
        amps: { column: `${GUDE}.5.5.2.1.5.#`, scale: 0.001 }, // spCurrent, mA
        powerFactor: { column: `${GUDE}.5.5.2.1.8.#`, scale: 0.001 }, // spPowerFactor
      },
      off: { column: `${GUDE}.3.1.2.1.3.#`, is: 0 }, // PortState: off(0)
    },
  ],
} satisfies PduTable
