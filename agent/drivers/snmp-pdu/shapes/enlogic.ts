import { JOULES_PER_KWH } from '../../../../protocol/units.ts'

const LOADS = {
  1: 'above upper critical',
  2: 'above upper warning',
  3: 'below lower warning',
  4: 'below lower critical',
} as const

/** One seller of the shape. */
interface Seller {
  vendor: string
  generation?: number
  objectIdPrefix: string
  /** where the shape begins, below the seller's own number */
  root: string
  /** whether firmware before 2020 is among them, whose name plate has other columns */
  older?: true
}

/**
 * The MIB of Enlogic's first controllers, which APC puts below its own number too: pduNamePlateTable .1.2, pduUnitStatusTable .2.4,
 * pduOutletSwitchedStatusTable .5.4, pduOutletMeteredStatusTable .5.9; an index is unit, outlet. Phases are left out: with a delta
 * connection the MIB counts each watt as a line and again as a phase. ENLOGIC-PDU2-MIB moved the columns of the name plate, and nothing else.
 */
export const enlogic = ({ vendor, generation, objectIdPrefix, root, older }: Seller) => {
  // pduNamePlatePartNumber (the column of the model number holds the rating), the firmware's version, pduNamePlateSerialNumber
  const newer = {
    model: `${root}.1.2.1.11.1`,
    firmware: `${root}.1.2.1.14.1`,
    hardwareId: `${root}.1.2.1.12.1`,
  }
  // pduNamePlateModelNumber; pduNamePlatePartNumber came before the serial number later
  const first = {
    model: `${root}.1.2.1.10.1`,
    firmware: `${root}.1.2.1.13.1`,
    hardwareId: `${root}.1.2.1.11.1`,
  }
  return {
    vendor,
    ...(generation !== undefined && { generation }),
    objectIdPrefix,
    ...(older ? { about: first, newerAbout: newer } : { about: newer }),
    parts: [
      {
        part: 'inlet',
        rows: `${root}.2.4.1.4`,
        unit: 1,
        power: { column: `${root}.2.4.1.4.#`, scale: 1 }, // pduUnitStatusActivePower, W
        energy: { column: `${root}.2.4.1.9.#`, scale: JOULES_PER_KWH / 10 }, // pduUnitStatusEnergy
        status: { column: `${root}.2.4.1.3.#`, words: LOADS }, // pduUnitStatusLoadState
      },
      {
        part: 'outlet',
        rows: `${root}.5.9.1.6`,
        unit: 1,
        name: `${root}.5.9.1.3.#`, // pduOutletMeteredStatusName
        power: { column: `${root}.5.9.1.6.#`, scale: 1 }, // pduOutletMeteredStatusActivePower, W
        energy: { column: `${root}.5.9.1.11.#`, scale: JOULES_PER_KWH / 10 }, // pduOutletMeteredStatusResettableEnergy
        off: { column: `${root}.5.4.1.4.#`, is: 0 }, // pduOutletSwitchedStatusState: off(0)
        status: { column: `${root}.5.9.1.4.#`, words: LOADS }, // pduOutletMeteredStatusLoadState
      },
    ],
  } as const
}
