import type { AgentInterval } from '../../collector/economics/ledger-row.ts'
import type { ClockStretch } from './clock.ts'

/** A step is seen up to a second late, and the stretch in which it is seen began one poll before. */
const LATE_MS = 4_000

/**
 * When the records of one device began in real time. Its agent's clock may have shown the same time twice; but records are
 * closed in the order in which they happened.
 * @param records in the order in which they were closed
 * @returns without those for which two times are possible
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

/** Each time at which the clock may have called this record's start what it calls it, ascending. */
const startsOf = ({ startMs, durationMs }: AgentInterval, history: readonly ClockStretch[]): number[] =>
  history
    .flatMap(({ fromMs, offsetMs }, i) => {
      const untilMs = history[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY
      const start = startMs - offsetMs
      return start >= fromMs - LATE_MS && start + durationMs <= untilMs + LATE_MS ? [start] : []
    })
    .sort((a, b) => a - b)
