import { HOUR_MS } from '../../protocol/units.ts'
import { GrownWork, type KnownGrowth } from './grown-work.ts'

/** A machine's own hashrate may read a quarter low: what is counted beyond that for long is of something else ... */
const TIMES = 1.3
/** ... and where it shows what it is expected to hash with, it reads no quarter low. */
const TIMES_OF_EXPECTED = 1.15
/**
 * It is refused where luck at that multiple is rarer than this. Twelve windows begin a day and each is judged at every poll, which is ten
 * independent looks at most: less than once in 80,000 machine-days. Of many shares the noise is so small that a hashrate which reads low
 * by a little more than a quarter would show, so they have to say more.
 */
const REFUSED_BELOW = { few: 1e-7, many: 1e-9 }
const MANY_SHARES = 1_000
/** The averages that a machine shows, and a pool's late answers, are a small part of a time as long as this. */
const LASTING_S = HOUR_MS / 1000
/** Work of so long before the window may be in it beside that. */
const LATE_S = 600
/**
 * A window grows until it has as many shares as it takes, or is so long, and longer of few shares. Each of these times one begins: a later
 * contradiction must not drown.
 */
const LONGEST_S = 48 * LASTING_S
const LONGEST_OF_FEW_S = 120 * LASTING_S
const BEGINS_EACH_S = 2 * LASTING_S
/** The next session knows the longest window where it has so many times its hashrate: less shows by itself again. */
const KNOWN_FROM = 1.1

/** What was counted, and what the hashrate stands for, in difficulty-1 shares. */
export interface Excess {
  counted: number
  hashed: number
  seconds: number
}

/** The longest window, for the next session. JSON. */
export interface KnownExcess {
  grown: KnownGrowth
  hashed: number
  possible: number
  seconds: number
}

/** What a machine hashed in a time. */
interface Hashed {
  hashed: number
  expected: number
  seconds: number
}

interface Window {
  grown: GrownWork
  hashed: number
  /** difficulty-1 shares that the machine can have hashed at most */
  possible: number
  seconds: number
}

/**
 * Finds work that is a little too much for hours. Of n shares the relative noise is 1 / sqrt(n), so twice the hashrate shows after some 150
 * shares and an hour, 1.8 times after 210, and 1.4 times after some 1,500: a window grows with the shares that are needed. Where the expected
 * hashrate is unknown, or not reached, it takes more: 240, 420 and 10,000. Restarts of the machine and of the agent end no window.
 */
export class LastingExcess {
  #windows: Window[] = []

  /** @param known as `known` of an earlier session was; anything else is taken for nothing */
  constructor(known?: unknown) {
    if (isKnown(known)) this.#windows.push({ ...known, grown: new GrownWork(known.grown) })
  }

  /** What the next session should know; undefined: nothing. */
  get known(): KnownExcess | undefined {
    const [longest] = this.#windows
    if (!longest || longest.seconds < LASTING_S) return undefined
    const { grown, ...sums } = longest
    return grown.counted < KNOWN_FROM * sums.hashed ? undefined : { ...sums, grown: grown.known }
  }

  /**
   * @param work difficulty-1 shares by the counter
   * @param shares accepted shares; 0 where they are not counted
   * @param machine difficulty-1 shares that its hashrate stands for, and the one that is expected of it; 0 where that is unknown
   * @returns what no luck explains; undefined: nothing
   */
  add(work: number, shares: number, { hashed, expected, seconds }: Hashed): Excess | undefined {
    const possible = Math.min(
      TIMES * hashed,
      expected > 0 ? TIMES_OF_EXPECTED * Math.max(hashed, expected) : Number.POSITIVE_INFINITY,
    )
    const newest = this.#windows.at(-1)
    if (!newest || newest.seconds >= BEGINS_EACH_S)
      this.#windows.push({ grown: new GrownWork(), hashed: 0, possible: 0, seconds: 0 })
    for (const window of this.#windows) {
      window.grown.add(work, shares)
      window.hashed += hashed
      window.possible += possible
      window.seconds += seconds
    }
    const found = this.#windows.find(isRefused)
    this.#windows = this.#windows.filter(isOpen)
    return found && { counted: found.grown.counted, hashed: found.hashed, seconds: found.seconds }
  }
}

const isOpen = ({ seconds, grown }: Window): boolean =>
  seconds < (grown.shares < MANY_SHARES ? LONGEST_OF_FEW_S : LONGEST_S)

function isRefused({ grown, possible: each, seconds }: Window): boolean {
  if (seconds < LASTING_S) return false
  const { counted, shares } = grown.steady
  const possible = each * (1 + LATE_S / seconds)
  if (shares < 1 || counted <= possible) return false
  const least = shares < MANY_SHARES ? REFUSED_BELOW.few : REFUSED_BELOW.many
  return luckiest(shares, (shares * possible) / counted) < least
}

const areNumbers = (value: unknown, names: readonly string[]): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  names.every((name) => Number.isFinite((value as Record<string, unknown>)[name]))

function isKnown(known: unknown): known is KnownExcess {
  if (!areNumbers(known, ['hashed', 'possible', 'seconds'])) return false
  const { grown } = known
  if (!areNumbers(grown, ['counted', 'grown', 'squares'])) return false
  const { bursts } = grown
  return Array.isArray(bursts) && bursts.every((burst) => areNumbers(burst, ['work', 'square']))
}

/** Chernoff's bound: P(N >= n) of a Poisson distribution is at most this, for a mean below n. */
const luckiest = (n: number, mean: number): number => Math.exp(n - mean - n * Math.log(n / mean))
