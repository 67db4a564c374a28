import { JOULES_PER_KWH } from '../../protocol/units.ts'

/** What a counter counted beside what its power made in the same time. */
export interface Disagreement {
  than: 'more' | 'less'
  countedJ: number
  drawnJ: number
  ms: number
}

/** Why a counter is not used. */
export const counterFault = ({ than, countedJ, drawnJ, ms }: Disagreement): string =>
  `its energy counter booked ${kWh(countedJ)} in ${Math.round(ms / 1000)} s, far ${than} than the ${kWh(drawnJ)} of its own power; the counter is not used: check the map and its scale`

/** `13,107 kWh`, `0.167 kWh`. */
export function kWh(joules: number): string {
  const amount = joules / JOULES_PER_KWH
  return `${amount.toLocaleString('en-GB', { maximumFractionDigits: amount < 100 ? 3 : 0 })} kWh`
}
