import type { MeterFigures } from './two-way-counters.ts'

/**
 * What a meter can show, at least and at most. A value outside is a maker's word for "not available", or of a wrong register, and is
 * absent. No site draws more than 1 GW; a counter that has counted 1 GW for fifty years stands at 1.6e18 J.
 */
const RANGES = {
  powerW: [-1e9, 1e9],
  energyJ: [0, 1.6e18],
  exportedJ: [0, 1.6e18],
} as const

/** The figures without those that no meter can show. */
export function possible(figures: MeterFigures): MeterFigures {
  const kept = { ...figures }
  for (const name of Object.keys(RANGES) as (keyof typeof RANGES)[]) {
    const value = kept[name]
    const [least, most] = RANGES[name]
    if (value !== undefined && !(value >= least && value <= most)) delete kept[name]
  }
  return kept
}
