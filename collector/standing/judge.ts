import type { Why } from '../plugin/pulse.ts'
import { PARTS, type Part, type PartView, type StandingView, type Standstill } from '../views/standing.ts'
import type { Beat } from './standing-watch.ts'

const NAMED = 20

/** Parts that stand still only because of another part: they are its effect, not a cause of their own. */
const STOPS: Partial<Record<Part, readonly Part[]>> = {
  broker: ['agents', 'records'],
  agents: ['records'],
  store: ['settling'],
}
/** Kinds of causes that are the store's, whichever part tells of them. */
const OF_THE_STORE = 'store'

/** What stands because this does: whole parts, or of an agent what has its name. */
function stoppedBy({ part, name, because }: Still): string[] {
  const stops = because.stops ?? STOPS[part] ?? []
  return stops.map((stop) => (name === undefined ? stop : `${stop} ${name}`))
}

/** A part that stands still, and why. */
type Still = Beat & { because: Why }

/** Says what stands still, the first cause first. One cause of many agents is one standstill. */
export function judgeStanding(beats: readonly Beat[], atMs: number): StandingView {
  const still = beats.filter((beat) => beat.standsStill).map((beat) => ({ ...beat, because: beat.why() }))
  const stopped = new Set(still.flatMap(stoppedBy))
  // other files of the collector may stand while its store works
  const storeStands = still.some((beat) => beat.part === 'store' && beat.name === undefined)
  const causes = still.filter(
    ({ part, name, because }) =>
      !stopped.has(part) &&
      !stopped.has(`${part} ${name}`) &&
      !(storeStands && part !== 'store' && because.kind === OF_THE_STORE),
  )
  const groups = new Map<string, Still[]>()
  for (const beat of causes) {
    const key = `${beat.part} ${beat.because.kind}`
    groups.set(key, [...(groups.get(key) ?? []), beat])
  }
  const standstills = [...groups.values()]
    .map((group) => standstillOf(group, still, atMs))
    .sort((a, b) => PARTS.indexOf(a.part) - PARTS.indexOf(b.part) || a.sinceMs - b.sinceMs)
  return { atMs, standstills, parts: PARTS.flatMap((part) => partView(part, beats, atMs) ?? []) }
}

function standstillOf(group: readonly Still[], still: readonly Still[], atMs: number): Standstill {
  // the longest standstill explains the others
  const sorted = group.toSorted((a, b) => b.stillS - a.stillS)
  const [{ part, because: why, stillS }] = sorted as [Still]
  const names = sorted.flatMap(({ name }) => name ?? []).sort()
  // what waits behind a store that takes nothing waits at the agents and in settling
  const waits = part === 'store' ? still.filter((beat) => beat.part === 'records') : sorted
  const waiting = part === 'prices' ? 0 : waits.reduce((sum, beat) => sum + beat.waiting, 0)
  return {
    part,
    kind: why.kind,
    what: why.what,
    sinceMs: Math.round(atMs - stillS * 1000),
    ...(names.length > 0 ? { who: names.slice(0, NAMED), count: names.length } : {}),
    ...(waiting > 0 && part !== 'broker' && part !== 'agents' ? { waiting } : {}),
    cause: why.cause,
    cure: why.cure,
  }
}

function partView(part: Part, beats: readonly Beat[], atMs: number): PartView | undefined {
  const all = beats.filter((beat) => beat.part === part)
  // a pulse of the part as a whole counts what the others count one by one
  const whole = all.filter((beat) => beat.name === undefined)
  const own = whole.length > 0 ? whole : all
  if (own.length === 0) return undefined
  const moved = own.filter((beat) => beat.hasMoved)
  return {
    part,
    standsStill: all.some((beat) => beat.standsStill),
    count: own.length,
    waiting: own.reduce((sum, beat) => sum + beat.waiting, 0),
    ...(moved.length > 0
      ? { movedMs: Math.round(atMs - Math.min(...moved.map((beat) => beat.stillS)) * 1000) }
      : {}),
  }
}
