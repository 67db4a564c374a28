import { type HashrateUnit, hashrateHs } from '../../protocol/units.ts'

/** H/s from the firmware's unit; undefined stays undefined. */
export const inHs = (value: number | undefined, unit: HashrateUnit): number | undefined =>
  value === undefined ? undefined : hashrateHs(value, unit)

export const fromMhs = (value: number | undefined) => inHs(value, 'MH')
export const fromGhs = (value: number | undefined) => inHs(value, 'GH')
export const fromThs = (value: number | undefined) => inHs(value, 'TH')
