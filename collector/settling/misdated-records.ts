import { CLOCK_TOLERANCE_MS } from '../../protocol/clock-tolerance.ts'
import { counted } from '../../protocol/kit/counted.ts'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { StepWatch } from '../../protocol/kit/step-watch.ts'
import { every } from '../../protocol/kit/timers.ts'
import { HOUR_MS, MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { AgentInterval } from '../economics/ledger-row.ts'
import { type HeldMark, WRONG_CLOCK } from '../plugin/held.ts'
import type { Store } from '../plugin/store.ts'
import { type ClockRun, isWrong, type KeptRuns, MISDATED, readRuns } from './misdated-time.ts'
import { type ActsStore, tellMoved } from './moved-by-persons.ts'
import { PIECE_MS, RecordsBefore } from './records-before.ts'
import type { DecisionRequest } from './repricing-request.ts'
import type { SettlingClock } from './settling-clock.ts'

const KEEP_EVERY_MS = 30_000
/** A computer’s clock goes on where it is started again within this time. */
const GOES_ON_MS = 24 * HOUR_MS
/** Where no clock confirms the new time, one that nothing contradicts for this time is right. */
const BELIEVED_MS = 2 * MINUTE_MS
/** Agents that started before the collector have labelled records by the same clock: those of this time, and all that are newer than the store's. */
const EARLIER_MS = HOUR_MS
/** What stands in the store already is noted for so much time ahead of the clock. */
const AHEAD_MS = HOUR_MS
/** A start waits this long for another clock before it notes what stands in the store. */
const BEGINS_MS = 5_000
const MOST_RUNS = 50

export interface MisdatedRecordsOptions {
  store: Pick<Store, 'keepText' | 'keptTexts' | 'intervals' | 'newestRecordMs' | 'hold'> & ActsStore
  clock: SettlingClock & {
    /** whether nothing contradicts it, and it had time to be contradicted */
    readonly maySettle: boolean
    /** whether an agent is known to run on another computer */
    isElsewhere(agentId: string): boolean
  }
  /** the minutes are settled again */
  note: (minutes: ReadonlySet<number>) => void
  /** runs work while no record is written */
  alone: <T>(work: () => Promise<T>) => Promise<T>
  /** takes records in again that were put aside by a step which was undone */
  decide: (request: DecisionRequest) => Promise<unknown>
  /** it is known now when the clock was wrong */
  onWrong: () => Promise<void>
  log: Log
}

/**
 * Puts records aside that were labelled and stored by a clock that no other had confirmed and that was set since: a saved clock at boot
 * that is hours behind, or one that is minutes ahead. They stand at times that were never theirs. A person takes them in with the
 * shift of that step, which their reason names, or with none. What stood there before the clock was wrong stays, also in the same minutes.
 */
export class MisdatedRecords {
  readonly #o: MisdatedRecordsOptions
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #kept: KeptRuns | undefined
  #watch: StepWatch | undefined
  #keptMs = Number.NEGATIVE_INFINITY
  #isFailing = false
  readonly #before: RecordsBefore

  constructor(options: MisdatedRecordsOptions) {
    this.#o = options
    this.#before = new RecordsBefore(options.store)
  }

  start(): void {
    this.#timer ??= every(1_000, () => void this.look())
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  /** Looks at the clock, and at the store where it was set. Never rejects: where the store fails it looks again. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .then(() => {
        this.#isFailing = false
      })
      .catch((error: unknown) => {
        // the kept state is the truth: what changed in memory alone is found again
        this.#kept = undefined
        if (!this.#isFailing)
          this.#o.log.warn('not looked for records of a wrong clock; will try again', {
            reason: reasonOf(error),
          })
        this.#isFailing = true
      })
      .finally(() => {
        this.#looking = undefined
      })
    return this.#looking
  }

  async #look(): Promise<void> {
    const { clock, alone } = this.#o
    if (!this.#kept || !this.#watch) await this.#read()
    const kept = this.#kept as KeptRuns
    const watch = this.#watch as StepWatch
    const lastMs = watch.last.wallMs
    const { at, stepMs } = watch.look()
    if (Math.abs(stepMs) > CLOCK_TOLERANCE_MS) {
      // the clock of before ran up to the step
      extend(kept, at.wallMs - stepMs)
      for (const run of kept.runs) if (run.byMs !== undefined) run.byMs += stepMs
      kept.isOpen = false
      // it was set at some time since the last look
      await alone(() => this.#open(lastMs + stepMs))
      await this.#keep()
      if (kept.runs.some((run) => isWrong(run))) await this.#o.onWrong()
    } else if (!clock.isConfirmed) await this.#goOn(at.wallMs)
    const wrong = kept.runs.filter((run) => isWrong(run) && !run.held)
    const isSure = clock.isConfirmed || (clock.maySettle && at.wallMs - clock.sinceMs > BELIEVED_MS)
    const undone = kept.runs.filter((run) => run.held && !isWrong(run))
    if (isSure) for (const run of undone) await this.#countAgain(run)
    if (wrong.length > 0 && isSure) {
      for (const run of wrong) await alone(() => this.#putAside(run))
      await this.#o.onWrong()
    }
    if (clock.isConfirmed && (kept.isOpen || wrong.length > 0)) await this.#settleRuns()
  }

  /** The clock runs on, and nothing confirms it. */
  async #goOn(wallMs: number): Promise<void> {
    const { clock, alone, store } = this.#o
    const kept = this.#kept as KeptRuns
    if (!kept.isOpen) {
      if (wallMs - clock.sinceMs < BEGINS_MS) return
      const bootMs = wallMs - clock.instant.steadyMs
      const fromMs = Math.max(bootMs, clock.sinceMs - EARLIER_MS)
      const newestMs = (await store.newestRecordMs()) ?? 0
      await alone(() => this.#open(fromMs, Math.max(bootMs, Math.min(fromMs, newestMs))))
    }
    extend(kept, wallMs)
    const run = kept.runs.at(-1) as ClockRun
    const toMs = this.#before.notedToMs(run) ?? wallMs
    if (run.knownToMs === undefined && wallMs + AHEAD_MS / 2 > toMs)
      await alone(() => this.#before.note(run, wallMs + AHEAD_MS))
    if (Math.abs(wallMs - this.#keptMs) >= KEEP_EVERY_MS) await this.#keep()
  }

  /** @param earliestMs since when this clock may have labelled what comes yet */
  async #open(fromMs: number, earliestMs = fromMs): Promise<void> {
    const kept = this.#kept as KeptRuns
    const earlier = earliestMs < fromMs ? { earliestMs: Math.round(earliestMs) } : {}
    const run: ClockRun = {
      fromMs: this.#free(Math.round(fromMs)),
      toMs: Math.round(fromMs),
      byMs: 0,
      ...earlier,
    }
    await this.#before.note(run, this.#o.clock.instant.wallMs + AHEAD_MS)
    kept.runs = [...kept.runs, run].slice(-MOST_RUNS)
    kept.isOpen = true
    this.#keptMs = Number.NEGATIVE_INFINITY
  }

  /** A begin that no other run has: it is their key. */
  #free(fromMs: number): number {
    const taken = new Set(this.#kept?.runs.map((run) => run.fromMs))
    let free = fromMs
    while (taken.has(free)) free++
    return free
  }

  async #putAside(run: ClockRun): Promise<void> {
    const { store, note, log, clock } = this.#o
    const kept = this.#kept as KeptRuns
    const minutes = new Set<number>()
    const later = kept.runs.slice(kept.runs.indexOf(run) + 1)
    const toMs = Math.min(run.toMs + MINUTE_MS, run.knownToMs ?? Number.POSITIVE_INFINITY)
    const agents = new Set<string>()
    let records = 0
    for (let fromMs = run.earliestMs ?? run.fromMs; fromMs < toMs; fromMs += PIECE_MS) {
      const found = await store.intervals(fromMs, Math.min(toMs, fromMs + PIECE_MS))
      const own = found.filter((r) => !clock.isElsewhere(r.agentId) && this.#isOf(run, later, r))
      for (const { startMs } of own) minutes.add(minuteOf(startMs))
      if (own.length === 0 || run.byMs === undefined) continue
      const marks = own.map(({ agentId, deviceId, owner, startMs }): HeldMark => {
        const heldMs = clock.instant.wallMs
        return {
          kind: 'quarantine',
          check: WRONG_CLOCK,
          reason: reasonFor(run, agentId),
          agentId,
          deviceId,
          owner,
          startMs,
          heldMs,
        }
      })
      await store.hold(marks)
      records += marks.length
      for (const { agentId } of marks) agents.add(agentId)
    }
    run.held = true
    await this.#keep()
    if (minutes.size > 0) note(minutes)
    if (toMs < run.toMs)
      log.error(
        `what was stored from ${iso(toMs)} to ${iso(run.toMs)} stays: too much stood there before; ${reasonFor(run)}`,
      )
    if (records > 0)
      log.error(`${counted(records, 'record')} put aside: ${reasonFor(run, [...agents].join(','))}`)
    else if (minutes.size > 0) log.warn(`${counted(minutes.size, 'minute')} with records: ${reasonFor(run)}`)
  }

  /** The step that put the records of a run aside was a mistake, and is undone: what no person has decided meanwhile counts again. */
  async #countAgain(run: ClockRun): Promise<void> {
    const fromMs = run.earliestMs ?? run.fromMs
    await this.#o.decide({
      verdict: 'accepted',
      filter: {
        fromMs,
        toMs: run.toMs + MINUTE_MS,
        kinds: ['quarantine'],
        checks: [WRONG_CLOCK],
        state: 'open',
      },
      by: 'the collector',
      reason: 'the step of the clock that had put them aside was undone: they stand where they belong',
    })
    await tellMoved(this.#o, fromMs, run.toMs + MINUTE_MS)
    delete run.held
    await this.#keep()
    await this.#o.onWrong()
  }

  /** Whether a record was stored in this run: not before it, and in no later one. */
  #isOf(run: ClockRun, later: readonly ClockRun[], record: AgentInterval): boolean {
    const { startMs } = record
    if (this.#before.has(run, record)) return false
    return !later.some(
      (next) =>
        startMs >= next.fromMs - MINUTE_MS &&
        startMs <= next.toMs + CLOCK_TOLERANCE_MS &&
        !this.#before.has(next, record),
    )
  }

  /** Another clock confirms this one: its present run was right. Those that were wrong stay known. */
  async #settleRuns(): Promise<void> {
    const kept = this.#kept as KeptRuns
    kept.runs = kept.runs.filter((run) => isWrong(run))
    kept.isOpen = false
    await this.#keep()
    await this.#before.forget()
  }

  async #read(): Promise<void> {
    const { store, clock, log } = this.#o
    const { instant, boot } = clock
    const now = () => clock.instant
    const kept = await readRuns(store, log)
    this.#watch = new StepWatch({ now }, instant)
    this.#kept = kept ?? { boot, offsetMs: 0, seenMs: 0, runs: [], isOpen: false }
    this.#before.read(this.#kept.runs, await store.keptTexts(MISDATED.kind))
    if (!kept) return
    const since = { wallMs: kept.seenMs, steadyMs: kept.seenMs - kept.offsetMs }
    if (kept.boot === boot && since.steadyMs <= instant.steadyMs + 1_000) {
      this.#watch = new StepWatch({ now }, since)
      return
    }
    const awayMs = instant.wallMs - kept.seenMs
    const goesOn = awayMs >= -CLOCK_TOLERANCE_MS && awayMs <= GOES_ON_MS
    for (const run of kept.runs) if (!goesOn && !run.held && run.byMs === 0) delete run.byMs
    kept.boot = boot
    kept.isOpen = false
  }

  async #keep(): Promise<void> {
    const { wallMs, steadyMs } = (this.#watch as StepWatch).last
    const { boot } = this.#o.clock
    const kept = { ...(this.#kept as KeptRuns), boot, offsetMs: wallMs - steadyMs, seenMs: wallMs }
    await this.#o.store.keepText(MISDATED.kind, MISDATED.name, JSON.stringify(kept))
    this.#kept = kept
    this.#keptMs = wallMs
  }
}

function extend(kept: KeptRuns, wallMs: number): void {
  const run = kept.runs.at(-1)
  if (run && kept.isOpen) run.toMs = Math.max(run.toMs, Math.round(wallMs))
}

function reasonFor({ earliestMs, toMs, byMs, ...run }: ClockRun, agents = ''): string {
  const fromMs = earliestMs ?? run.fromMs
  const when = `from ${iso(fromMs)} to ${iso(toMs)} as that clock showed it`
  if (byMs === undefined)
    return `made ${when}, which no other clock confirmed, and the computer was started again with another time: look whether they stand where they belong`
  const s = Math.round(byMs / 1000)
  return `made ${when}, which was ${Math.abs(s)} s ${s > 0 ? 'behind' : 'ahead'} and was set right later: they stand at times that are not theirs; give them the right ones with perwatt-collector quarantine take-in --agent ${agents} --from ${iso(fromMs)} --to ${iso(toMs + MINUTE_MS)} --shift ${s}, or count them where they are, without --shift, if the clock was right then`
}

const iso = (ms: number): string => new Date(Math.min(Math.max(ms, 0), 8.64e15)).toISOString()
