import { mostEnergyJ, rangeOf } from '../../protocol/quantities.ts'
import type { MeterFigures } from './two-way-counters.ts'

/**
 * What a meter can show, at least and at most. A value outside is a maker's word for "not available", or of a wrong register, and is
 * absent. The ranges are those of protocol/quantities.ts.
 */
const RANGES = {
  powerW: rangeOf('powerW', 'meter'),
  energyJ: [0, mostEnergyJ('meter')],
  exportedJ: [0, mostEnergyJ('meter')],
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
