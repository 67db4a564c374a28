import { type HashrateUnit, hashrateHs } from '../../protocol/units.ts'

/** H/s from the firmware's unit; undefined stays undefined. */
export const inHs = (value: number | undefined, unit: HashrateUnit): number | undefined =>
  value === undefined ? undefined : hashrateHs(value, unit)

export const fromMhs = (value: number | undefined) => inHs(value, 'MH')
export const fromGhs = (value: number | undefined) => inHs(value, 'GH')
export const fromThs = (value: number | undefined) => inHs(value, 'TH')

const SMALL_UNITS: readonly (readonly [number, string])[] = [
  [1e9, 'GH/s'],
  [1e6, 'MH/s'],
  [1e3, 'kH/s'],
  [1, 'H/s'],
]

/** A hashrate for messages, to a tenth: in TH/s, or in the unit in which it is at least 1 where it is below 0.1 TH/s. */
export function showHashrate(hashrateHs = 0): string {
  const tenth = (factor: number) => Math.round((10 * hashrateHs) / factor) / 10
  const small =
    hashrateHs > 0 && hashrateHs < 1e11 ? SMALL_UNITS.find(([factor]) => hashrateHs >= factor) : undefined
  return small ? `${tenth(small[0])} ${small[1]}` : `${tenth(1e12)} TH/s`
}
