import { type PduTable, WH } from './table.ts'

const PDU2 = '1.3.6.1.4.1.13742.6'
const SENSOR_STATES = {
  unmeasured: -1,
  words: {
    2: 'below lower critical',
    3: 'below lower warning',
    5: 'above upper warning',
    6: 'above upper critical',
  },
} as const

/**
 * PDU2-MIB (13742.6): Raritan PX2 and newer, and ServerTech PRO4X. The last number of an index
 * is the sensor's type: 5 is active power in W, 8 active energy in Wh, 14 on or off. SensorStateEnumeration has unavailable(-1).
 */
export default {
  vendor: 'raritan',
  generation: 2,
  objectIdPrefix: PDU2,
  // pduModel, boardFirmwareVersion of the main board, pduSerialNumber
  about: {
    model: `${PDU2}.3.2.1.1.3.1`,
    firmware: `${PDU2}.3.2.3.1.6.1.1.1`,
    hardwareId: `${PDU2}.3.2.1.1.4.1`,
  },
  parts: [
    {
      part: 'inlet',
      rows: `${PDU2}.3.3.3.1.2`, // inletLabel
      unit: 1,
      // measurementsInletSensorValue, inletSensorDecimalDigits
      power: { column: `${PDU2}.5.2.3.1.4.#.5`, scale: 1, digits: `${PDU2}.3.3.4.1.7.#.5` },
      energy: { column: `${PDU2}.5.2.3.1.4.#.8`, scale: WH, digits: `${PDU2}.3.3.4.1.7.#.8` },
      status: { column: `${PDU2}.5.2.3.1.3.#.5`, ...SENSOR_STATES }, // measurementsInletSensorState
    },
    {
      part: 'outlet',
      rows: `${PDU2}.3.5.3.1.2`, // outletLabel
      unit: 1,
      name: `${PDU2}.3.5.3.1.3.#`, // outletName
      // measurementsOutletSensorValue, outletSensorDecimalDigits
      power: { column: `${PDU2}.5.4.3.1.4.#.5`, scale: 1, digits: `${PDU2}.3.5.4.1.7.#.5` },
      energy: { column: `${PDU2}.5.4.3.1.4.#.8`, scale: WH, digits: `${PDU2}.3.5.4.1.7.#.8` },
      // types 4 rmsVoltage, 1 rmsCurrent and 7 powerFactor
      beside: {
        volts: { column: `${PDU2}.5.4.3.1.4.#.4`, scale: 1, digits: `${PDU2}.3.5.4.1.7.#.4` },
        amps: { column: `${PDU2}.5.4.3.1.4.#.1`, scale: 1, digits: `${PDU2}.3.5.4.1.7.#.1` },
        powerFactor: { column: `${PDU2}.5.4.3.1.4.#.7`, scale: 1, digits: `${PDU2}.3.5.4.1.7.#.7` },
      },
      off: { column: `${PDU2}.5.4.3.1.3.#.14`, is: 8 }, // measurementsOutletSensorState: off(8)
      status: { column: `${PDU2}.5.4.3.1.3.#.5`, ...SENSOR_STATES },
    },
  ],
} satisfies PduTable
