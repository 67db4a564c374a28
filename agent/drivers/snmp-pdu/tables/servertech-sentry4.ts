import { type PduTable, TENTH_KWH, WH } from './table.ts'

const ST4 = '1.3.6.1.4.1.1718.4.1'

/** Sentry4-MIB (1718.4): ServerTech PRO1 and PRO2. An index is unit, cord, outlet. */
export default {
  vendor: 'servertech',
  generation: 2,

  objectIdPrefix: '1.3.6.1.4.1.1718.4',
  // st4UnitModel, st4SystemFirmwareVersion, st4UnitProductSN
  about: { model: `${ST4}.2.2.1.5.1`, firmware: `${ST4}.1.1.3.0`, hardwareId: `${ST4}.2.2.1.4.1` },
  parts: [
    {
      part: 'inlet',
      rows: `${ST4}.3.3.1.3`,
      unit: 2,
      name: `${ST4}.3.2.1.3.#`, // st4InputCordName
      power: { column: `${ST4}.3.3.1.3.#`, scale: 1 }, // st4InputCordActivePower, W
      energy: { column: `${ST4}.3.3.1.10.#`, scale: TENTH_KWH }, // st4InputCordEnergy
      // st4InputCordActivePowerStatus
      status: {
        column: `${ST4}.3.3.1.4.#`,
        words: { 16: 'power above high warning', 17: 'power above high alarm' },
      },
    },
    {
      part: 'outlet',
      rows: `${ST4}.8.3.1.7`,
      unit: 2,
      name: `${ST4}.8.2.1.3.#`, // st4OutletName
      power: { column: `${ST4}.8.3.1.7.#`, scale: 1 }, // st4OutletActivePower, W
      energy: { column: `${ST4}.8.3.1.14.#`, scale: WH }, // st4OutletEnergy
      beside: {
        volts: { column: `${ST4}.8.3.1.6.#`, scale: 0.1 }, // st4OutletVoltage
        amps: { column: `${ST4}.8.3.1.3.#`, scale: 0.01 }, // st4OutletCurrent
        powerFactor: { column: `${ST4}.8.3.1.10.#`, scale: 0.01 }, // st4OutletPowerFactor
      },
      off: { column: `${ST4}.8.3.1.1.#`, is: 2 }, // st4OutletState: off(2)
    },
  ],
} satisfies PduTable
