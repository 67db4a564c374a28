import { type PduTable, WH } from './table.ts'

const G5 = '1.3.6.1.4.1.19536.10.1'

/** PANDUIT-MIB (19536.10): SmartZone G5 and G6. An index is unit, outlet. */
export default {
  vendor: 'panduit',
  objectIdPrefix: '1.3.6.1.4.1.19536.10',
  // pdug5Model, pdug5FirmwareVersion, pdug5SerialNumber
  about: { model: `${G5}.1.2.1.3.1`, firmware: `${G5}.1.2.1.5.1`, hardwareId: `${G5}.1.2.1.8.1` },
  parts: [
    {
      part: 'inlet',
      rows: `${G5}.2.1.1.5`,
      unit: 1,
      power: { column: `${G5}.2.1.1.5.#`, scale: 1 }, // pdug5InputPowerWatts
      // pdug5InputResettableEnergy, Wh; pdug5InputTotalEnergy beside it moves in whole kWh
      energy: { column: `${G5}.2.1.1.8.#`, scale: WH },
    },
    {
      part: 'phase',
      rows: `${G5}.2.2.1.20`,
      unit: 1,
      power: { column: `${G5}.2.2.1.20.#`, scale: 1 }, // pdug5InputPhasePowerWatts
    },
    {
      part: 'outlet',
      rows: `${G5}.5.1.1.13`,
      unit: 1,
      name: `${G5}.5.1.1.2.#`, // pdug5OutletName
      power: { column: `${G5}.5.1.1.13.#`, scale: 1 }, // pdug5OutletWatts
      energy: { column: `${G5}.5.1.1.14.#`, scale: WH }, // pdug5OutletWh
      off: { column: `${G5}.5.2.1.1.#`, is: 1 }, // pdug5OutletControlStatus: off(1)
      // pdug5OutletActivePowerThStatus
      status: {
        column: `${G5}.5.1.1.6.#`,
        words: {
          2: 'below lower warning',
          3: 'below lower critical',
          4: 'above upper warning',
          5: 'above upper critical',
        },
      },
    },
  ],
} satisfies PduTable
