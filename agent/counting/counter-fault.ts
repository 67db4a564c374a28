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

/** The same of a counter that is used on, as far as the power at so many readings says it. */
export const doubtedCounter = (apart: Disagreement, times: number): string =>
  `${apartIn(apart)} at ${times} readings; it is used on: check the map and its scale, or poll it each 5 min or more often if its load comes and goes with the polls`

/** The same of a counter that was wrong for a time. */
export const wrongForATime = (apart: Disagreement): string =>
  `${apartIn(apart)}, and is used again since then: up to the difference of that time is booked wrongly; if it comes again, check the map and the meter`

/** A fault of the counter that counts what flows out. */
export const ofExported = (told: string | undefined): string | undefined =>
  told?.replace('its energy counter', 'its export counter')

const apartIn = ({ than, countedJ, drawnJ, ms }: Disagreement): string =>
  `its energy counter booked ${kWh(countedJ)} in ${Math.round(ms / 1000)} s, ${than} than the ${kWh(drawnJ)} of its own power`

/** `13,107 kWh`, `0.167 kWh`. */
export function kWh(joules: number): string {
  const amount = joules / JOULES_PER_KWH
  return `${amount.toLocaleString('en-GB', { maximumFractionDigits: amount < 100 ? 3 : 0 })} kWh`
}
