import { type HashrateUnit, hashrateHs } from '../../protocol/units.ts'

/** A hashrate as firmware gives it, in H/s; what it doesn't give stays unknown. */
export const inHs = (value: number | undefined, unit: HashrateUnit): number | undefined =>
  value === undefined ? undefined : hashrateHs(value, unit)

export const fromMhs = (value: number | undefined) => inHs(value, 'MH')
export const fromGhs = (value: number | undefined) => inHs(value, 'GH')
export const fromThs = (value: number | undefined) => inHs(value, 'TH')
