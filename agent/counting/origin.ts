/** What an answer shows of the server that made it. */
export interface Origin {
  /** what no other server has, by name: when its process started and its counters were made, Unix time in s; or ids of its hardware */
  marks: ReadonlyMap<string, number | string>
  /** counters that only grow while it runs, by name */
  counters: ReadonlyMap<string, number>
}

/** `newer`: it started later than the one before; `older`: earlier, which no restart does; `other`: ids, which have no order. */
export type MarkedAs = 'same' | 'newer' | 'older' | 'other'

/**
 * Start times within this are one, in s: a page's text may have fewer digits than another's, and a process may compute its start from its
 * uptime at each answer. What LLM servers run on computes it once, or from figures that it has read once: client_python's ProcessCollector
 * reads btime in its constructor, prom-client's processStartTime.js computes it when it is loaded, and the `_created` series are kept with their
 * counter. So a corrected clock of the computer moves none of them. client_golang computes it at each answer (its issue 289): there a moved
 * clock looks like another server, which is told, and costs the tokens of a poll or of ten minutes.
 */
const JITTER_S = 0.05

/** What the marks of two answers say; undefined: they have none in common. */
export function markedAs(before: Origin, now: Origin): MarkedAs | undefined {
  const common = [...before.marks].flatMap(([name, mark]) => {
    const other = now.marks.get(name)
    return other === undefined ? [] : [[mark, other] as const]
  })
  if (common.length === 0) return undefined
  const changed = common.filter(([a, b]) => !isSame(a, b))
  if (changed.some(([a, b]) => typeof a === 'number' && typeof b === 'number' && b < a)) return 'older'
  // a part of what the page shows started again, or was exchanged
  if (changed.length < common.length) return 'same'
  return changed.every(([, b]) => typeof b === 'number') ? 'newer' : 'other'
}

function isSame(a: number | string, b: number | string): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  return Math.abs(a - b) <= JITTER_S
}

/**
 * Names of the counters that are lower than before. Where all have gone, all have fallen: a server shows most only after its first request. A
 * page without a single figure was cut, or is of something else for a moment: it tells of no fall.
 */
export function fallen({ counters: before }: Origin, { counters: now, marks }: Origin): string[] {
  if (marks.size + now.size === 0) return []
  const counted = [...before].filter(([, value]) => value > 0)
  if (!counted.some(([name]) => now.has(name))) return counted.map(([name]) => name)
  return counted.flatMap(([name, value]) => ((now.get(name) ?? value) < value ? [name] : []))
}

/** What counters show that were not there before, all together. */
export const appeared = ({ counters: before }: Origin, { counters: now }: Origin): number =>
  [...now].reduce((sum, [name, value]) => sum + (before.has(name) ? 0 : value), 0)

/** What the counters that were there before have grown by, all together. */
export const grownBy = ({ counters: before }: Origin, { counters: now }: Origin): number =>
  [...before].reduce((sum, [name, value]) => sum + Math.max(0, (now.get(name) ?? value) - value), 0)

/** The earliest of the starts that an answer tells, Unix time in s; undefined: it tells none. */
export function startedS({ marks }: Origin): number | undefined {
  const times = [...marks.values()].filter((mark) => typeof mark === 'number')
  return times.length > 0 ? Math.min(...times) : undefined
}
