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
  /** columns of pduNamePlateTable */
  about: { model: number; firmware: number; hardwareId: number }
}

/**
 * The MIB of Enlogic's first controllers, which APC puts below its own number too: pduNamePlateTable .1.2, pduUnitStatusTable .2.4,
 * pduOutletSwitchedStatusTable .5.4, pduOutletMeteredStatusTable .5.9; an index is unit, outlet. Phases are left out: with a delta
 * connection the MIB counts each watt as a line and again as a phase.
 */
export const enlogic = ({ vendor, generation, objectIdPrefix, root, about }: Seller) =>
  ({
    vendor,
    ...(generation !== undefined && { generation }),
    objectIdPrefix,
    about: {
      model: `${root}.1.2.1.${about.model}.1`,
      firmware: `${root}.1.2.1.${about.firmware}.1`,
      hardwareId: `${root}.1.2.1.${about.hardwareId}.1`,
    },
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
  }) as const
