import { createRandom, type Random } from '../../agent/simulator/base/random.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'

/** Groups of faults, which a run can name. */
export const FAULT_GROUPS = [
  'usual',
  'versions',
  'emulators',
  'clocks',
  'copied',
  'disks',
  'databases',
  'logs',
  'silent',
  'twice',
  'hostile',
] as const
export type FaultGroup = (typeof FAULT_GROUPS)[number]

/** What of a part a fault occupies: two faults never occupy the same side of one part at once. */
type Side = 'process' | 'link' | 'disk' | 'clock' | 'client'

interface FaultForm {
  group: FaultGroup
  sides: readonly Side[]
  /** how long it lasts, at least and at most, before a long outage */
  lastsMs: readonly [number, number]
  /** absent: 0 */
  amount?: (random: Random) => number
}

/** the collector quarantines records that are more than 2 min in the future */
const LARGEST_STEP_MS = 100_000
const eitherWay = (random: Random) => (random.next() < 0.5 ? -1 : 1)

/** Every kind of fault. Processes, links, disks and clocks fail independently, so several may fail at once. */
const FORMS = {
  kill: { group: 'usual', sides: ['process'], lastsMs: [100, 12_000] },
  restart: { group: 'usual', sides: ['process'], lastsMs: [100, 4_000] },
  swap: { group: 'versions', sides: ['process'], lastsMs: [100, 4_000] },
  pause: { group: 'usual', sides: ['process'], lastsMs: [500, 20_000] },
  reload: { group: 'usual', sides: ['process'], lastsMs: [1_000, 1_000] },
  cut: { group: 'usual', sides: ['link'], lastsMs: [500, 30_000] },
  // MQTT's keep-alive is 15 s: it notices the longer ones only. 1: the connection is lost in the end
  stall: { group: 'usual', sides: ['link'], lastsMs: [2_000, 35_000], amount: (r) => r.whole(0, 1) },
  // ms of delay
  slow: { group: 'usual', sides: ['link'], lastsMs: [5_000, 30_000], amount: (r) => r.whole(50, 1500) },
  fill: { group: 'usual', sides: ['disk'], lastsMs: [3_000, 40_000] },
  // ms of the step
  step: {
    group: 'usual',
    sides: ['clock'],
    lastsMs: [5_000, 60_000],
    amount: (r) => r.whole(500, LARGEST_STEP_MS) * eitherWay(r),
  },
  // the emulated machines lose their power, and their counters begin again
  reset: { group: 'emulators', sides: ['process'], lastsMs: [1_000, 10_000] },
  // ms of a step that is beyond every tolerance: some minutes or some hundred days
  leap: {
    group: 'clocks',
    sides: ['clock'],
    lastsMs: [15_000, 60_000],
    amount: (r) =>
      Math.round(r.next() < 0.5 ? r.between(3, 180) * MINUTE_MS : r.between(1, 500) * 24 * HOUR_MS) *
      eitherWay(r),
  },
  // a copy of the agent's spool is made at the begin, and put in its place at the end
  restore: { group: 'copied', sides: ['process'], lastsMs: [5_000, 60_000] },
  // a second machine runs a copy of the spool meanwhile
  copy: { group: 'copied', sides: ['process'], lastsMs: [20_000, 60_000] },
  // the collector's disk is full
  choke: { group: 'disks', sides: ['disk'], lastsMs: [3_000, 40_000] },
  // the collector starts on a disk that is read-only
  freeze: { group: 'disks', sides: ['process', 'disk'], lastsMs: [5_000, 40_000] },
  away: { group: 'databases', sides: ['process'], lastsMs: [30_000, 90_000] },
  // the database comes back without its data
  empty: { group: 'databases', sides: ['process'], lastsMs: [1_000, 15_000] },
  // of 1,000 bytes of the log so many are left; 1,000: all, with zeros behind them
  tear: {
    group: 'logs',
    sides: ['process', 'disk'],
    lastsMs: [100, 4_000],
    amount: (r) => (r.next() < 0.4 ? 1_000 : r.whole(300, 999)),
  },
  // accepts connections and all data, and answers nothing
  mute: { group: 'silent', sides: ['link'], lastsMs: [5_000, 40_000] },
  // a second agent with the same name and a folder of its own
  twin: { group: 'twice', sides: ['process'], lastsMs: [20_000, 60_000] },
  // a second collector of the site. It takes the site of one that is away, so it begins while the first one's link is well
  rival: { group: 'twice', sides: ['process', 'link'], lastsMs: [20_000, 60_000] },
  // a client that sends garbage; seed of its garbage
  assail: { group: 'hostile', sides: ['client'], lastsMs: [5_000, 30_000], amount: (r) => r.whole(1, 1e6) },
} as const satisfies Record<string, FaultForm>

export type FaultKind = keyof typeof FORMS
export const FAULT_KINDS = Object.keys(FORMS) as FaultKind[]
const formOf = (kind: FaultKind): FaultForm => FORMS[kind]
export const strikesProcess = (kind: FaultKind): boolean => formOf(kind).sides.includes('process')
export const groupOf = (kind: FaultKind): FaultGroup => FORMS[kind].group

export interface Fault {
  /** ms after the world began */
  atMs: number
  kind: FaultKind
  /** the process that it strikes, or whose link, disk or clock it strikes */
  target: string
  lastsMs: number
  /** how strong it is, in the kind's own unit */
  amount: number
}

/** For each kind, the parts of the site that it may strike. */
export type Targets = Readonly<Record<FaultKind, readonly string[]>>

/** one fault in ten is a long outage */
const OUTAGE_CHANCE = 0.1
const OUTAGE_TIMES = 5
/** the emulated world makes up for its own suspension up to a minute */
const LONGEST_SIMULATOR_PAUSE_MS = 25_000
/** least time between two faults of the same side of a part */
const BREATH_MS = 2_000

/**
 * Plans the faults of a run, in order of time, all over by `endMs`. The plan depends on the seed, the targets, the groups and the length
 * alone. Every pair of kind and target comes once before any comes twice.
 */
export function planFaults(
  seed: number,
  targets: Targets,
  endMs: number,
  meanGapMs: number,
  groups: readonly FaultGroup[] = FAULT_GROUPS,
): Fault[] {
  const random = createRandom(seed).fork('faults')
  const kinds = FAULT_KINDS.filter((kind) => groups.includes(groupOf(kind)))
  const pairs = kinds.flatMap((kind) => targets[kind].map((target) => ({ kind, target })))
  if (pairs.length === 0) return []
  const busyUntil = new Map<string, number>()
  const sidesOf = ({ kind, target }: (typeof pairs)[number]) =>
    formOf(kind).sides.map((side) => `${side} ${target}`)
  const faults: Fault[] = []
  let deck: typeof pairs = []
  for (let atMs = 1_000 * random.next(); atMs < endMs; atMs += random.exponential(meanGapMs)) {
    if (deck.length === 0) deck = shuffled(pairs, random)
    const index = deck.findIndex((pair) => sidesOf(pair).every((side) => (busyUntil.get(side) ?? 0) <= atMs))
    const pair = deck[index]
    if (!pair) continue
    const lastsMs = Math.round(Math.min(duration(pair, random), endMs - atMs))
    if (lastsMs < 100) return faults
    deck.splice(index, 1)
    for (const side of sidesOf(pair)) busyUntil.set(side, atMs + lastsMs + BREATH_MS)
    const amount = formOf(pair.kind).amount?.(random) ?? 0
    faults.push({ atMs: Math.round(atMs), ...pair, lastsMs, amount })
  }
  return faults
}

function duration({ kind, target }: { kind: FaultKind; target: string }, random: Random): number {
  const [least, most] = formOf(kind).lastsMs
  const lasts = random.between(least, most) * (random.next() < OUTAGE_CHANCE ? OUTAGE_TIMES : 1)
  return target === 'simulator' ? Math.min(lasts, LONGEST_SIMULATOR_PAUSE_MS) : lasts
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items]
  return items.map(() => left.splice(random.whole(0, left.length - 1), 1)[0] as T)
}
