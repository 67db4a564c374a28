import type { QuoteName } from '../../protocol/quote.ts'
import { MINUTE_MS, minuteAtOrAfter } from '../../protocol/units.ts'
import type { Settlement } from '../plugin/audit-store.ts'

/** Unbroken minutes that lack one price. `fromMs` inclusive, `toMs` exclusive. */
export interface UnpricedTime {
  name: QuoteName
  fromMs: number
  toMs: number
}

type Range = [fromMs: number, toMs: number]

/** Which settled minutes lack which price, as ranges: a site without a price for a year is one range. */
export class UnpricedMinutes {
  readonly #ranges = new Map<QuoteName, Range[]>()

  /** What these minutes lack now. */
  settled(settlements: readonly Pick<Settlement, 'minuteMs' | 'missing'>[]): void {
    for (const { minuteMs, missing = [] } of settlements) {
      for (const name of missing) if (!this.#ranges.has(name)) this.#ranges.set(name, [])
      for (const [name, ranges] of this.#ranges)
        if (missing.includes(name)) add(ranges, minuteMs)
        else remove(ranges, minuteMs)
    }
  }

  /** All, newest first. */
  get times(): UnpricedTime[] {
    return [...this.#ranges]
      .flatMap(([name, ranges]) => ranges.map(([fromMs, toMs]) => ({ name, fromMs, toMs })))
      .sort((a, b) => b.toMs - a.toMs || a.fromMs - b.fromMs || (a.name < b.name ? -1 : 1))
  }

  /** How many minutes lack each price; prices that none lacks are left out. */
  get counts(): { name: QuoteName; minutes: number }[] {
    return [...this.#ranges]
      .map(([name, ranges]) => ({
        name,
        minutes: ranges.reduce((sum, [fromMs, toMs]) => sum + (toMs - fromMs) / MINUTE_MS, 0),
      }))
      .filter(({ minutes }) => minutes > 0)
  }

  /** The newest minute that begins before `beforeMs`, which may lie within one, and lacks this price; undefined where none does. */
  newestBefore(name: QuoteName, beforeMs: number): number | undefined {
    const ranges = this.#ranges.get(name) ?? []
    const endMs = minuteAtOrAfter(beforeMs)
    const range = ranges[lastFrom(ranges, endMs - MINUTE_MS)]
    return range && Math.min(range[1], endMs) - MINUTE_MS
  }
}

/** Index of the last range that begins at or before `ms`, -1 where all are later. */
function lastFrom(ranges: readonly Range[], ms: number): number {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranges[middle] as Range)[0] <= ms) low = middle + 1
    else high = middle
  }
  return low - 1
}

function add(ranges: Range[], minuteMs: number): void {
  const i = lastFrom(ranges, minuteMs)
  const [before, after] = [ranges[i], ranges[i + 1]]
  if (before && before[1] > minuteMs) return
  const joins = before?.[1] === minuteMs
  const meets = after?.[0] === minuteMs + MINUTE_MS
  const joined: Range = [
    joins ? (before as Range)[0] : minuteMs,
    meets ? (after as Range)[1] : minuteMs + MINUTE_MS,
  ]
  ranges.splice(joins ? i : i + 1, Number(joins) + Number(meets), joined)
}

function remove(ranges: Range[], minuteMs: number): void {
  const i = lastFrom(ranges, minuteMs)
  const range = ranges[i]
  if (!range || range[1] <= minuteMs) return
  const rest: Range[] = [
    [range[0], minuteMs],
    [minuteMs + MINUTE_MS, range[1]],
  ]
  ranges.splice(i, 1, ...rest.filter(([fromMs, toMs]) => toMs > fromMs))
}
