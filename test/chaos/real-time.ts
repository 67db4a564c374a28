import type { AgentInterval } from '../../collector/economics/ledger-row.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { ClockStretch } from './clock.ts'

/** A process sees a step up to a second late, in an interval that began up to one poll before. */
const LATE_MS = 4_000
/** A record that is open at a step follows it, so its start moves too, which was up to a minute before. */
const OPEN_MS = MINUTE_MS

/**
 * Real start times of one device's records. A stepped clock may have shown the same time twice, but the order of closing tells
 * which of them it was.
 * @param records in the order in which they were closed
 * @returns the records with one possible start; others are left out
 */
export function realStarts(
  records: readonly AgentInterval[],
  history: readonly ClockStretch[],
): Map<AgentInterval, number> {
  const possible = records.map((record) => startsOf(record, history))
  const earliest: (number | undefined)[] = []
  let at = 0
  for (const starts of possible) {
    const start = starts.find((ms) => ms >= at - LATE_MS)
    earliest.push(start)
    at = Math.max(at, start ?? at)
  }
  const certain = new Map<AgentInterval, number>()
  at = Number.POSITIVE_INFINITY
  for (const [n, record] of [...records.entries()].reverse()) {
    const latest = possible[n]?.findLast((ms) => ms <= at + LATE_MS)
    at = Math.min(at, latest ?? at)
    if (latest !== undefined && latest === earliest[n]) certain.set(record, latest)
  }
  return certain
}

/**
 * Every real time at which the clock showed this record's start, ascending; and the start itself, where the clock was wrong then: an agent
 * that did not reach the collector meanwhile gave the record its right time afterwards.
 */
const startsOf = ({ startMs, durationMs }: AgentInterval, history: readonly ClockStretch[]): number[] =>
  history
    .flatMap(({ fromMs, offsetMs }, i) => {
      const untilMs = history[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY
      const isBefore = (start: number) => start + durationMs <= untilMs + LATE_MS
      const moved = offsetMs === 0 ? [] : [startMs - offsetMs]
      return [
        ...moved.filter((start) => start >= fromMs - OPEN_MS - LATE_MS && isBefore(start)),
        ...[startMs].filter((start) => start >= fromMs - LATE_MS && isBefore(start)),
      ]
    })
    .sort((a, b) => a - b)
