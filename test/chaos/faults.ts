import { createRandom, type Random } from '../../agent/simulator/base/random.ts'

/** Kinds of faults. Processes, links, disks and clocks fail independently, so several may fail at once. */
export const FAULT_KINDS = [
  'kill',
  'restart',
  'swap',
  'pause',
  'reload',
  'cut',
  'stall',
  'slow',
  'fill',
  'step',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

export interface Fault {
  /** ms after the world began */
  atMs: number
  kind: FaultKind
  /** the process that it strikes, or whose link, disk or clock it strikes */
  target: string
  lastsMs: number
  /** `slow`: ms of delay; `step`: ms of the step; `stall`: 1 where the connection is lost in the end */
  amount: number
}

/** For each kind, the parts of the site that it may strike. */
export interface Targets {
  kill: readonly string[]
  restart: readonly string[]
  /** programs of which another version is there: each swap changes to the other one */
  swap: readonly string[]
  pause: readonly string[]
  reload: readonly string[]
  cut: readonly string[]
  stall: readonly string[]
  slow: readonly string[]
  fill: readonly string[]
  step: readonly string[]
}

const LASTS_MS: Record<FaultKind, readonly [number, number]> = {
  kill: [100, 12_000],
  restart: [100, 4_000],
  swap: [100, 4_000],
  pause: [500, 20_000],
  reload: [1_000, 1_000],
  cut: [500, 30_000],
  // MQTT's keep-alive is 15 s: it notices the longer ones only
  stall: [2_000, 35_000],
  slow: [5_000, 30_000],
  fill: [3_000, 40_000],
  step: [5_000, 60_000],
}
/** one fault in ten is a long outage */
const OUTAGE_CHANCE = 0.1
const OUTAGE_TIMES = 5
/** the emulated world makes up for its own suspension up to a minute */
const LONGEST_SIMULATOR_PAUSE_MS = 25_000
/** the collector quarantines records that are more than 2 min in the future */
const LARGEST_STEP_MS = 100_000
/** least time between two faults of the same side of a part */
const BREATH_MS = 2_000

const SIDE: Record<FaultKind, 'process' | 'link' | 'disk' | 'clock'> = {
  kill: 'process',
  restart: 'process',
  swap: 'process',
  pause: 'process',
  reload: 'process',
  cut: 'link',
  stall: 'link',
  slow: 'link',
  fill: 'disk',
  step: 'clock',
}

/**
 * Plans the faults of a run, in order of time, all over by `endMs`. The plan depends on the seed, the targets and the length
 * alone. Every pair of kind and target comes once before any comes twice.
 */
export function planFaults(seed: number, targets: Targets, endMs: number, meanGapMs: number): Fault[] {
  const random = createRandom(seed).fork('faults')
  const pairs = FAULT_KINDS.flatMap((kind) => targets[kind].map((target) => ({ kind, target })))
  const busyUntil = new Map<string, number>()
  const faults: Fault[] = []
  let deck: typeof pairs = []
  for (let atMs = 1_000 * random.next(); ; atMs += random.exponential(meanGapMs)) {
    if (deck.length === 0) deck = shuffled(pairs, random)
    const index = deck.findIndex(
      ({ kind, target }) => (busyUntil.get(`${SIDE[kind]} ${target}`) ?? 0) <= atMs,
    )
    const pair = deck[index]
    if (!pair) continue
    const lastsMs = Math.round(Math.min(duration(pair, random), endMs - atMs))
    if (lastsMs < 100) return faults
    deck.splice(index, 1)
    busyUntil.set(`${SIDE[pair.kind]} ${pair.target}`, atMs + lastsMs + BREATH_MS)
    faults.push({ atMs: Math.round(atMs), ...pair, lastsMs, amount: amountOf(pair.kind, random) })
  }
}

function duration({ kind, target }: { kind: FaultKind; target: string }, random: Random): number {
  const [least, most] = LASTS_MS[kind]
  const lasts = random.between(least, most) * (random.next() < OUTAGE_CHANCE ? OUTAGE_TIMES : 1)
  return target === 'simulator' ? Math.min(lasts, LONGEST_SIMULATOR_PAUSE_MS) : lasts
}

function amountOf(kind: FaultKind, random: Random): number {
  if (kind === 'slow') return random.whole(50, 1500)
  if (kind === 'stall') return random.whole(0, 1)
  if (kind !== 'step') return 0
  return random.whole(500, LARGEST_STEP_MS) * (random.next() < 0.5 ? -1 : 1)
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items]
  return items.map(() => left.splice(random.whole(0, left.length - 1), 1)[0] as T)
}
