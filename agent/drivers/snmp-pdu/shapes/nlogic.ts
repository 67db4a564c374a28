import { JOULES_PER_KWH } from '../../../../protocol/units.ts'

const JOULES_PER_WH = JOULES_PER_KWH / 1000

const LOADS = {
  2: 'below lower warning',
  3: 'below lower critical',
  4: 'above upper warning',
  5: 'above upper critical',
} as const

/** One seller of the shape. */
interface Seller {
  vendor: string
  generation?: number
  objectIdPrefix: string
  /** where the shape begins, below the seller's own number */
  root: string
  /** column of pduIdentTable that names the model: 3, or 7 (the part number) where 3 is a rating such as `230V, 32A, 7.4kVA, 50/60Hz` */
  modelColumn: 3 | 7
}

/**
 * The MIB of one maker's controllers (nLogic), which several sellers put below their own numbers: Panduit G5, Eaton, Enlogic Edge and
 * HPE G2. pduIdentTable .1.2, pduInputTable .2.1, pduInputPhaseTable .2.2, pduOutletTable .5.1, pduOutletControlTable .5.2; an
 * index is unit, outlet. A negative number is not available.
 */
export const nlogic = ({ vendor, generation, objectIdPrefix, root, modelColumn }: Seller) =>
  ({
    vendor,
    ...(generation !== undefined && { generation }),
    objectIdPrefix,
    // pduModel or pduPartNumber, pduFirmwareVersion, pduSerialNumber
    about: {
      model: `${root}.1.2.1.${modelColumn}.1`,
      firmware: `${root}.1.2.1.5.1`,
      hardwareId: `${root}.1.2.1.8.1`,
    },
    parts: [
      {
        part: 'inlet',
        rows: `${root}.2.1.1.5`,
        unit: 1,
        power: { column: `${root}.2.1.1.5.#`, scale: 1 }, // pduInputPowerWatts
        // pduInputResettableEnergy, Wh; pduInputTotalEnergy beside it moves in whole kWh
        energy: { column: `${root}.2.1.1.8.#`, scale: JOULES_PER_WH },
      },
      {
        part: 'phase',
        rows: `${root}.2.2.1.20`,
        unit: 1,
        power: { column: `${root}.2.2.1.20.#`, scale: 1 }, // pduInputPhasePowerWatts
      },
      {
        part: 'outlet',
        rows: `${root}.5.1.1.13`,
        unit: 1,
        name: `${root}.5.1.1.2.#`, // pduOutletName
        power: { column: `${root}.5.1.1.13.#`, scale: 1 }, // pduOutletWatts
        energy: { column: `${root}.5.1.1.14.#`, scale: JOULES_PER_WH }, // pduOutletWh
        off: { column: `${root}.5.2.1.1.#`, is: 1 }, // pduOutletControlStatus: off(1)
        status: { column: `${root}.5.1.1.6.#`, words: LOADS }, // pduOutletActivePowerThStatus
      },
    ],
  }) as const
