import type { Trend } from '../../../../views/frame.ts'
import type { WorkloadView } from '../../../../views/workload.ts'
import { NEVER_EARNS } from '../../parts/workload-kinds.ts'

/** More lines could not be told apart. */
const MAX_LINES = 6

export interface TrendSeries {
  /** begin of each bucket, s since 1970 */
  x: number[]
  /** values are in the page's currency per MWh */
  lines: { name: string; perMwh: (number | null)[]; price: boolean }[]
  /** false if all lines fit on one linear scale */
  logarithmic: boolean
  min: number
  max: number
}

/**
 * The lines to draw: workloads that earn, highest first, and the energy price. All values are converted at `perUsd`, the present
 * rate. Undefined while there is nothing to draw.
 */
export function seriesOf(
  trend: Trend | undefined,
  workloads: readonly WorkloadView[],
  perUsd = 1,
): TrendSeries | undefined {
  if (!trend || trend.startMs.length === 0) return undefined
  const costs = new Set(workloads.filter((w) => NEVER_EARNS.has(w.kind)).map((w) => w.workload))
  const converted = (values: (number | null)[]) => values.map((v) => (v === null ? null : v * 1000 * perUsd))
  const earning = Object.entries(trend.revenueUsdPerKwh)
    .filter(([name, values]) => !costs.has(name) && values.some((v) => v !== null && v !== 0))
    .map(([name, values]) => ({ name, perMwh: converted(values), price: false }))
    .sort((a, b) => lastOf(b.perMwh) - lastOf(a.perMwh))
    .slice(0, MAX_LINES)
  const lines = [
    ...earning,
    { name: 'energy price', perMwh: converted(trend.energyUsdPerKwh), price: true },
  ].filter((line) => line.perMwh.some((v) => v !== null))
  if (lines.length === 0) return undefined
  const all = lines.flatMap((line) => line.perMwh.filter((v) => v !== null))
  const levels = lines.map((line) => Math.abs(lastOf(line.perMwh))).filter((v) => v > 0)
  return {
    x: trend.startMs.map((ms) => ms / 1000),
    lines,
    logarithmic: Math.max(...levels) > 8 * Math.min(...levels),
    min: all.reduce((a, b) => Math.min(a, b)),
    max: all.reduce((a, b) => Math.max(a, b)),
  }
}

/** The newest known value of a line. */
export const lastOf = (values: readonly (number | null)[]): number => values.findLast((v) => v !== null) ?? 0

/** Ticks of the logarithmic scale within [min, max]. The scale is symmetric, because energy prices can be negative. */
export function logTicks(min: number, max: number): number[] {
  const up = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000]
  return [...up.map((v) => -v).reverse(), 0, ...up].filter((v) => v >= min && v <= max)
}

/** Moves labels apart to at least `gap`, each as near to its wanted height as possible, within [top, bottom]. */
export function spreadLabels(wanted: readonly number[], gap: number, top: number, bottom: number): number[] {
  const order = wanted.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y || a.i - b.i)
  let above = top - gap
  for (const label of order) above = label.y = Math.max(label.y, above + gap)
  let below = bottom + gap
  for (const label of order.toReversed()) below = label.y = Math.min(label.y, below - gap)
  return order.sort((a, b) => a.i - b.i).map((label) => label.y)
}
