import { z } from 'zod'
import { CLOCK_TOLERANCE_MS } from '../../protocol/clock-tolerance.ts'
import type { Instant } from '../../protocol/kit/clock.ts'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { StepWatch } from '../../protocol/kit/step-watch.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import { runsOf } from '../economics/minute-runs.ts'
import type { ClockMoved } from '../plugin/situation.ts'
import type { Store } from '../plugin/store.ts'
import { SettledThrough, type SettledThroughOptions } from './settled-through.ts'
import type { ClockMove, RulesBegin, SettlingClock } from './settling-clock.ts'

const KIND = 'unconfirmed-clock'
const NAME = 'settled'
/** The clock of a computer that was started again is taken for the same one where it goes on within this time. */
const GOES_ON_MS = 24 * HOUR_MS
/** Both clocks are read one after the other. */
const SAME_MOMENT_MS = 1_000

/** A start listens to the clock for two minutes before it settles: new rules are in force since then. */
const LISTENED_MS = 3 * MINUTE_MS

/** From when new rules are in force, Unix ms: since the start or the last step of the clock, where that is not long ago. */
export const rulesBeginMs = (nowMs: number, clock: SettlingClock | undefined): number =>
  clock && nowMs - clock.sinceMs <= LISTENED_MS ? Math.min(clock.sinceMs, nowMs) : nowMs

/** Kept in the store as JSON, so its property names are an on-disk format. */
const KeptSchema = z.object({
  /** which start of the computer `offsetMs` belongs to: its steady clock begins with it */
  boot: z.string(),
  /** wall clock minus steady clock when it was last kept, ms, less the steps that are not dealt with yet */
  offsetMs: z.number(),
  /** wall clock when it was last kept, Unix ms */
  seenMs: z.number(),
  /** the computer was started again since, and its clock does not go on from `seenMs`: it was set, and by how much is not known */
  apart: z.literal(true).optional(),
  /** rules that began by this clock */
  rules: z.array(z.object({ version: z.string(), fromMs: z.number() })),
  /** minutes that were first settled by it, [from, to) of each run */
  minutes: z.array(z.tuple([z.number(), z.number()])),
})
type Kept = z.output<typeof KeptSchema>
/**
 * What was begun and settled by a clock that no other has confirmed. It counts as all else does; but where the clock is set before one
 * confirmed it, it moves with the clock: so a collector whose first clock is a month behind books no rent for that month. It is kept in
 * the store, because the clock may be set while no collector runs.
 */
export class UnconfirmedTime {
  readonly #store: Pick<Store, 'keepText' | 'keptTexts'>
  readonly #clock: SettlingClock
  readonly #log: Log
  /** steady clock at the start of this run */
  readonly #begunMs: number
  /** follows both clocks from where they were last kept: only steps count, because a clock may be slewed by minutes over days */
  #watch: StepWatch
  /** by how much the clock was set since then, ms */
  #stepMs = 0
  #kept: Kept | undefined
  readonly #through: SettledThrough

  constructor(options: SettledThroughOptions & { log: Log }) {
    this.#through = new SettledThrough(options)
    this.#store = options.store
    this.#clock = options.clock
    this.#log = options.log
    this.#begunMs = options.clock.instant.steadyMs
    this.#watch = this.#watchFrom(options.clock.instant)
  }

  #watchFrom(since: Instant): StepWatch {
    return new StepWatch({ now: () => this.#clock.instant }, since)
  }

  /** Reads what an earlier run, or another collector, left. */
  async #start(): Promise<void> {
    await this.#through.read()
    const text = (await this.#store.keptTexts(KIND)).get(NAME)
    if (text !== undefined) this.#kept = this.#read(text)
    const kept = this.#kept
    const { instant, boot } = this.#clock
    this.#watch = this.#watchFrom(instant)
    this.#stepMs = 0
    if (!kept) return
    const since = { wallMs: kept.seenMs, steadyMs: kept.seenMs - kept.offsetMs }
    // a steady clock that is behind that of the same start is another one
    if (kept.boot === boot && since.steadyMs <= instant.steadyMs + SAME_MOMENT_MS) {
      this.#watch = this.#watchFrom(since)
      return
    }
    const sinceMs = instant.wallMs - kept.seenMs
    if (sinceMs < -CLOCK_TOLERANCE_MS || sinceMs > GOES_ON_MS) kept.apart = true
    await this.#keep({ ...kept, boot })
  }

  #read(text: string): Kept | undefined {
    if (text === '') return undefined
    try {
      return KeptSchema.parse(JSON.parse(text))
    } catch (error) {
      this.#log.error('what was settled by an unconfirmed clock can’t be read, and stays as it is', {
        reason: reasonOf(error),
      })
      return undefined
    }
  }

  /** Whether something is to be done with what was settled by an unconfirmed clock: it was confirmed, or set. */
  get isDue(): boolean {
    if (!this.#kept) return this.#through.isDue
    return this.#clock.isConfirmed || Math.abs(this.#stepped()) > CLOCK_TOLERANCE_MS
  }

  /** Rules are about to begin. Resolves when that is kept, where no other clock confirms this one. */
  async beginRules({ version, fromMs }: RulesBegin): Promise<void> {
    if (this.#clock.isConfirmed) return
    const kept = this.#present
    await this.#keep({ ...kept, rules: [...kept.rules, { version, fromMs }] })
  }

  /** These minutes are about to be settled for the first time. Resolves when that is kept, where no other clock confirms this one. */
  async settle(minutes: readonly number[]): Promise<void> {
    await this.#through.settle(minutes)
    if (minutes.length === 0 || this.#clock.isConfirmed) return
    const kept = this.#present
    await this.#keep({ ...kept, minutes: joined([...kept.minutes, ...runsOf(minutes)]) })
  }

  /**
   * What has to move because the clock was set; undefined where nothing has to. What is confirmed as it is is forgotten. Rejects where
   * the store fails.
   * @param isStart whether the store is to be read first
   */
  async move(isStart: boolean): Promise<ClockMove | undefined> {
    if (isStart) await this.#start()
    const kept = this.#kept
    if (!kept) return this.#through.move()
    const byMs = this.#stepped()
    if (Math.abs(byMs) > CLOCK_TOLERANCE_MS) return this.#moveBy(kept, byMs)
    if (!this.#clock.isConfirmed) return undefined
    if (kept.apart) return this.#moveToThisRun(kept)
    await this.#keep(undefined)
    return this.#through.move()
  }

  /** What had to move has moved. */
  async moved(move: ClockMove): Promise<void> {
    if (move.isAhead) return this.#through.moved()
    const kept = this.#kept
    if (!kept) return
    // by an unknown step: it moved because the clock is confirmed now
    if (move.byMs === undefined) return this.#keep(undefined)
    const minutes = without(kept.minutes, move.minutes)
    const rules = move.rules.map(({ version, toMs }) => ({ version, fromMs: toMs }))
    await this.#keep({ ...kept, rules, minutes }, move.byMs)
  }

  #moveBy(kept: Kept, byMs: number): ClockMove {
    const rules = kept.rules.map((begin) => ({ ...begin, toMs: begin.fromMs + byMs }))
    // where no begin of rules moves, what is over stays: it has the rules of its time
    const futureMs = Math.floor(this.#clock.instant.wallMs / MINUTE_MS) * MINUTE_MS
    const minutes = rules.length > 0 ? kept.minutes : from(kept.minutes, futureMs)
    return { byMs, rules, minutes }
  }

  /** The computer was started again with another time: rules begin when it did, at the latest. */
  #moveToThisRun(kept: Kept): ClockMove {
    const { wallMs, steadyMs } = this.#clock.instant
    const begunMs = wallMs - (steadyMs - this.#begunMs)
    const isOfThisRun = (ms: number) => ms >= begunMs && ms <= wallMs
    const rules = kept.rules.map((begin) => ({
      ...begin,
      toMs: isOfThisRun(begin.fromMs) ? begin.fromMs : begunMs,
    }))
    return { rules, minutes: kept.minutes }
  }

  get #present(): Kept {
    if (this.#kept) return this.#kept
    // what was set before there was anything to move moves nothing
    this.#stepped()
    this.#stepMs = 0
    return { boot: this.#clock.boot, offsetMs: 0, seenMs: 0, rules: [], minutes: [] }
  }

  /** By how much the clock was set and nothing has moved for it yet, ms. Small steps are drift that is made good, each time a little. */
  #stepped(): number {
    const { stepMs } = this.#watch.look()
    if (Math.abs(stepMs) > CLOCK_TOLERANCE_MS) this.#stepMs += stepMs
    return this.#stepMs
  }

  /** @param movedMs a step of the clock for which all has moved now */
  async #keep(kept: Omit<Kept, 'offsetMs' | 'seenMs'> | undefined, movedMs = 0): Promise<void> {
    const waitsMs = this.#stepped() - movedMs
    const { wallMs, steadyMs } = this.#watch.last
    const seen = kept && { ...kept, offsetMs: wallMs - steadyMs - waitsMs, seenMs: wallMs }
    await this.#store.keepText(KIND, NAME, seen ? JSON.stringify(seen) : '')
    this.#kept = seen
    this.#stepMs -= movedMs
  }
}

/** How long the alert of a move stands. */
const TOLD_MS = 12 * HOUR_MS

/** A move of late, for the alert rules; nothing where there was none. @param nowMs Unix ms */
export function movedOf(
  move: (ClockMove & { atMs: number }) | undefined,
  nowMs: number,
): { moved?: ClockMoved } {
  if (!move || nowMs - move.atMs > TOLD_MS) return {}
  const { byMs, isAhead, minutes, rules } = move
  const [fromMs, toMs] = [minutes[0]?.[0], minutes.at(-1)?.[1]]
  if (fromMs === undefined && rules.length === 0) return {}
  return {
    moved: {
      ...(byMs === undefined ? {} : { byMs }),
      ...(isAhead && { isAhead }),
      ...(fromMs === undefined || toMs === undefined ? {} : { fromMs, toMs }),
      ...(rules.length > 0 ? { rulesFromMs: Math.min(...rules.map((begin) => begin.toMs)) } : {}),
    },
  }
}

type Runs = [fromMs: number, toMs: number][]

/** Runs in order, those that touch or overlap as one. */
function joined(runs: Runs): Runs {
  const found: Runs = []
  for (const [fromMs, toMs] of [...runs].sort((a, b) => a[0] - b[0])) {
    const last = found.at(-1)
    if (last && fromMs <= last[1]) last[1] = Math.max(last[1], toMs)
    else found.push([fromMs, toMs])
  }
  return found
}

const from = (runs: Runs, ms: number): Runs =>
  runs.filter(([, toMs]) => toMs > ms).map(([fromMs, toMs]) => [Math.max(fromMs, ms), toMs])

/** The parts of the runs before all of `gone`, which are whole ends of them. */
const without = (runs: Runs, gone: Runs): Runs => {
  const firstMs = Math.min(...gone.map(([fromMs]) => fromMs))
  return runs
    .filter(([fromMs]) => fromMs < firstMs)
    .map(([fromMs, toMs]) => [fromMs, Math.min(toMs, firstMs)])
}
