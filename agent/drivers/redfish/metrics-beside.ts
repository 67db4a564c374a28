import { nonNegativeOf, positiveOf, type Row, rowsOf } from '../../wire/loose-json/fields.ts'

/** A present power is so far outside of the least and the most of its own interval only where the two have different scales. */
const OUTSIDE = 1.5
const SLACK_W = 30
/** An interval is over, and the present power in the next one, after this many of them; firmware is late by one. */
const INTERVALS = 3
/** Longer ones say too little: iLO has averages of 24 h. */
const LONGEST_MIN = 20

/** Since when the present power of a control contradicts its PowerMetrics. */
export interface MetricsSeen {
  outsideSinceMs?: number | undefined
}

/**
 * Holds PowerConsumedWatts against PowerMetrics of the same control (DSP2046, PowerMetrics: the average, the least and the most in the last
 * IntervalInMin). A load that leaps is outside at once, and inside once the interval has passed; so it must last for several.
 * @param seen of this control, over its readings @param nowMs a steady clock
 * @returns W of the average in place of the present power, and why; undefined: the two agree, or may still
 */
export function besideMetrics(
  control: Row | undefined,
  powerW: number | undefined,
  seen: MetricsSeen,
  nowMs: number,
): { powerW: number; changed: string } | undefined {
  const [metrics] = [...rowsOf(control, 'PowerMetrics'), ...rowsOf(control, 'PowerMetric')]
  const minutes = nonNegativeOf(metrics, 'IntervalInMin') ?? 0
  const averageW = positiveOf(metrics, 'AverageConsumedWatts')
  const leastW = positiveOf(metrics, 'MinConsumedWatts') ?? averageW
  const mostW = positiveOf(metrics, 'MaxConsumedWatts') ?? averageW
  const isKnown = powerW !== undefined && averageW !== undefined && minutes > 0 && minutes <= LONGEST_MIN
  const isOutside =
    isKnown &&
    leastW !== undefined &&
    mostW !== undefined &&
    leastW <= mostW &&
    (powerW * OUTSIDE + SLACK_W < leastW || powerW > OUTSIDE * mostW + SLACK_W)
  if (!isOutside) {
    seen.outsideSinceMs = undefined
    return undefined
  }
  seen.outsideSinceMs ??= nowMs
  if (nowMs - seen.outsideSinceMs < INTERVALS * minutes * 60_000) return undefined
  const range = leastW === mostW ? `${averageW} W` : `${leastW} to ${mostW} W`
  return {
    powerW: averageW,
    changed: `PowerConsumedWatts of ${powerW} W is ignored: its own PowerMetrics have ${range} for every ${minutes} min since, and their average of ${averageW} W is used; check the BMC's firmware`,
  }
}
