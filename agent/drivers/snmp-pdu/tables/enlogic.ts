import { type PduTable, TENTH_KWH } from './table.ts'

const EN = '1.3.6.1.4.1.38446.1'
const LOADS = {
  1: 'above upper critical',
  2: 'above upper warning',
  3: 'below lower warning',
  4: 'below lower critical',
} as const

/**
 * ENLOGIC-PDU-MIB (38446.1): Enlogic, now nVent. An index is unit, outlet. Phases are left out: with a delta connection the MIB
 * counts each watt as a line and again as a phase.
 */
export default {
  vendor: 'enlogic',
  objectIdPrefix: '1.3.6.1.4.1.38446',
  // pduNamePlateModelNumber, pduNamePlateFirmwareVersion, pduNamePlateSerialNumber
  about: { model: `${EN}.1.2.1.10.1`, firmware: `${EN}.1.2.1.13.1`, hardwareId: `${EN}.1.2.1.11.1` },
  parts: [
    {
      part: 'inlet',
      rows: `${EN}.2.4.1.4`,
      unit: 1,
      power: { column: `${EN}.2.4.1.4.#`, scale: 1 }, // pduUnitStatusActivePower, W
      energy: { column: `${EN}.2.4.1.9.#`, scale: TENTH_KWH }, // pduUnitStatusEnergy
      status: { column: `${EN}.2.4.1.3.#`, words: LOADS }, // pduUnitStatusLoadState
    },
    {
      part: 'outlet',
      rows: `${EN}.5.9.1.6`,
      unit: 1,
      name: `${EN}.5.9.1.3.#`, // pduOutletMeteredStatusName
      power: { column: `${EN}.5.9.1.6.#`, scale: 1 }, // pduOutletMeteredStatusActivePower, W
      energy: { column: `${EN}.5.9.1.11.#`, scale: TENTH_KWH }, // pduOutletMeteredStatusResettableEnergy
      off: { column: `${EN}.5.4.1.4.#`, is: 0 }, // pduOutletSwitchedStatusState: off(0)
      status: { column: `${EN}.5.9.1.4.#`, words: LOADS }, // pduOutletMeteredStatusLoadState
    },
  ],
} satisfies PduTable
