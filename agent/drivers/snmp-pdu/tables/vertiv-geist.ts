import { type PduTable, WH } from './table.ts'

const V5 = '1.3.6.1.4.1.21239.5.2'

/** VERTIV-V5-MIB, before it GEIST-IMD-MIB (21239.5.2): Vertiv and Geist rack PDUs with an interchangeable monitoring device. */
export default {
  vendor: 'vertiv',
  objectIdPrefix: '1.3.6.1.4.1.21239.5',
  // productTitle, productVersion, pduMainSerial
  about: { model: `${V5}.1.1.0`, firmware: `${V5}.1.2.0`, hardwareId: `${V5}.3.1.1.2.1` },
  parts: [
    {
      part: 'inlet',
      rows: `${V5}.3.1.1.9`,
      unit: 0,
      power: { column: `${V5}.3.1.1.9.#`, scale: 1 }, // pduTotalRealPower, W
      energy: { column: `${V5}.3.1.1.12.#`, scale: WH }, // pduTotalEnergy, watt-hours
    },
    {
      part: 'outlet',
      rows: `${V5}.3.6.1.12`,
      unit: 0,
      name: `${V5}.3.6.1.3.#`, // pduOutletMeterLabel
      power: { column: `${V5}.3.6.1.12.#`, scale: 1 }, // pduOutletMeterRealPower, W
      energy: { column: `${V5}.3.6.1.15.#`, scale: WH }, // pduOutletMeterEnergy, watt-hours
      beside: {
        volts: { column: `${V5}.3.6.1.4.#`, scale: 0.1 }, // pduOutletMeterVoltage, decivolts
        amps: { column: `${V5}.3.6.1.8.#`, scale: 0.01 }, // pduOutletMeterCurrent, centiamps
        powerFactor: { column: `${V5}.3.6.1.14.#`, scale: 0.01 }, // pduOutletMeterPowerFactor, %
      },
      off: { column: `${V5}.3.5.1.4.#`, is: 2 }, // pduOutletSwitchState: off(2)
    },
  ],
} satisfies PduTable
