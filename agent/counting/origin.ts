/** What an answer shows of the server that made it. */
export interface Origin {
  /** what no other server has, by name: when its process started and its counters were made, Unix time in s; or ids of its hardware */
  marks: ReadonlyMap<string, number | string>
  /** counters that only grow while it runs, by name */
  counters: ReadonlyMap<string, number>
}

/** `newer`: it started later than the one before; `older`: earlier, which no restart does; `other`: ids, which have no order. */
export type MarkedAs = 'same' | 'newer' | 'older' | 'other'

/** A process that computes its start from its uptime at each answer tells another fraction of a second each time, s. */
const JITTER_S = 0.05
/** Linux corrects its time of boot by whole seconds, and so the start of a process that is computed from it. */
const CORRECTED_S = 2

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
  const s = Math.abs(a - b)
  return Math.round(s) <= CORRECTED_S && Math.abs(s - Math.round(s)) <= JITTER_S
}

/** Names of the counters that are lower than before. Where all have gone, all have fallen: a server shows most only after its first request. */
export function fallen({ counters: before }: Origin, { counters: now }: Origin): string[] {
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
