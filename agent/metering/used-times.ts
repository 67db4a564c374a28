import { CLOCK_TOLERANCE_MS } from '../../protocol/clock-tolerance.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { Piece } from './piece.ts'

/** The UTC minutes, both ends included, in which records of one stretch of the agent's clock begin. */
interface UsedRange {
  fromMs: number
  toMs: number
  /** the stretch, while the right time of its records is not known; absent: the times are the ones that were sent, or will be */
  clock?: number
}

/** Kept on disk as JSON in the spool's checkpoint. */
export interface UsedTimesState {
  ranges: UsedRange[]
  /** record starts other than a minute's first ms, Unix ms */
  starts: number[]
}

/** What an older version kept. */
interface OldState {
  closedThroughMs?: number
  starts?: readonly number[]
}

/** Record starts inside a minute that are remembered; the collector keeps records apart that begin at one that is forgotten. */
const STARTS_KEPT = 400
const RANGES_KEPT = 40

/** At which times the records of a device begin: each time is used once, however often its clock was set back. */
export class UsedTimes {
  #ranges: UsedRange[]
  /** the earliest remembered comes first */
  readonly #starts: Set<number>

  constructor(state?: UsedTimesState, old?: OldState) {
    this.#ranges = (state?.ranges ?? []).map((range) => ({ ...range }))
    if (!state && old?.closedThroughMs) this.#ranges.push({ fromMs: 0, toMs: old.closedThroughMs })
    this.#starts = new Set(state?.starts ?? old?.starts)
  }

  get state(): UsedTimesState {
    return { ranges: this.#ranges.map((range) => ({ ...range })), starts: [...this.#starts] }
  }

  /** Whether the minutes of a piece of time may have records already. */
  has({ startMs, endMs = startMs + 1 }: Pick<Piece, 'startMs'> & Partial<Piece>): boolean {
    const [fromMs, toMs] = [minuteOf(startMs), minuteOf(endMs - 1)]
    return this.#ranges.some((range) => fromMs <= range.toMs && toMs >= range.fromMs)
  }

  /** Records of a stretch begin in these minutes. */
  note(clock: number | undefined, startMs: number, endMs = startMs): void {
    const [fromMs, toMs] = [minuteOf(startMs), minuteOf(endMs)]
    const own = this.#ranges.findLast((range) => range.clock === clock)
    // within a stretch the clock only goes on, so what lies between belongs to it
    if (own) {
      own.fromMs = Math.min(own.fromMs, fromMs)
      own.toMs = Math.max(own.toMs, toMs)
    } else {
      this.#ranges.push({ fromMs, toMs, ...(clock === undefined ? {} : { clock }) })
    }
  }

  /** An unused start for a record. @param again its minute may have records already, so the first ms is used */
  free(fromMs: number, again: boolean): number {
    const minuteMs = minuteOf(fromMs)
    let startMs = fromMs
    if (again) startMs = Math.max(startMs, minuteMs + 1)
    while (this.#starts.has(startMs) && startMs < minuteMs + MINUTE_MS - 1) startMs++
    if (startMs !== minuteMs) this.#remember(startMs)
    return startMs
  }

  /** What was recorded before may get a time of the new clock later. */
  clockSet(stepMs: number): void {
    for (const startMs of [...this.#starts]) this.#remember(startMs + stepMs)
  }

  /**
   * Times whose right one is known now are used there.
   * @param wallMs the right time
   * @param clock stretch that is now
   * @param shiftOf right time minus the time that records of a stretch say, ms; undefined: not known yet
   */
  trust(wallMs: number, clock?: number, shiftOf: (clock: number) => number | undefined = () => 0): void {
    for (const range of this.#ranges) {
      // an older version kept no stretch: what it has sent was never further ahead than the clocks may be apart
      if (range.fromMs === 0) range.toMs = Math.min(range.toMs, minuteOf(wallMs + CLOCK_TOLERANCE_MS))
      if (range.clock === undefined || range.clock === clock) continue
      const shiftMs = shiftOf(range.clock)
      if (shiftMs === undefined) continue
      delete range.clock
      range.fromMs = minuteOf(range.fromMs + shiftMs)
      range.toMs = minuteOf(range.toMs + MINUTE_MS - 1 + shiftMs)
    }
    this.#ranges = united(this.#ranges)
  }

  #remember(startMs: number): void {
    this.#starts.delete(startMs)
    this.#starts.add(startMs)
    for (const oldest of this.#starts) {
      if (this.#starts.size <= STARTS_KEPT) break
      this.#starts.delete(oldest)
    }
  }
}

/** The same with those as one that touch each other, and with few: what lies between two that become one counts as used too. */
function united(ranges: readonly UsedRange[]): UsedRange[] {
  const known: UsedRange[] = []
  for (const range of ranges.filter(({ clock }) => clock === undefined).sort((a, b) => a.fromMs - b.fromMs)) {
    const last = known.at(-1)
    if (last && range.fromMs <= last.toMs + MINUTE_MS) last.toMs = Math.max(last.toMs, range.toMs)
    else known.push({ ...range })
  }
  while (known.length > RANGES_KEPT) {
    const gaps = known.slice(1).map((range, i) => range.fromMs - (known[i] as UsedRange).toMs)
    const at = gaps.indexOf(gaps.reduce((a, b) => Math.min(a, b)))
    const [next] = known.splice(at + 1, 1)
    ;(known[at] as UsedRange).toMs = (next as UsedRange).toMs
  }
  // those of which the right time is not known yet are as many as stretches of the clock that wait for it
  return [...known, ...ranges.filter(({ clock }) => clock !== undefined)]
}
