import type { PowerBasis } from '../../protocol/sample.ts'
import { nonNegativeOf, positiveOf, type Row } from '../wire/loose-json/fields.ts'
import type { Power } from './facts.ts'

/** @returns undefined where the watts are unknown */
export const powerFact = (powerW: number | undefined, basis: PowerBasis): Power | undefined =>
  powerW === undefined ? undefined : { powerW, basis }

/** The first of the named fields with watts. While the machine hashes, 0 means that its power supply does not report. */
export const wattsOf = (row: Row, hashes: boolean, ...fields: string[]): number | undefined =>
  (hashes ? positiveOf : nonNegativeOf)(row, ...fields)
