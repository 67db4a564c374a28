import { CLOCK_TOLERANCE_MS, EARLIEST_RIGHT_MS } from '../../protocol/clock-tolerance.ts'
import { bootId } from '../../protocol/kit/boot.ts'
import type { Clock, Instant } from '../../protocol/kit/clock.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { StepWatch } from '../../protocol/kit/step-watch.ts'
import { ClockExchange } from './exchange.ts'
import { kept, nextStretch, resolved, type Stretch } from './stretches.ts'

/** Slewing is followed in stretches of so much: within one its records have one shift. */
const SLEWED_MS = 10_000
/** More than this of the time that went by is no slewing: the collector's clock was set. Linux slews by 500 ppm, and 500 ppm by adjtime. */
const SLEW_RATIO = 0.001

/** Kept on disk as JSON in the spool's checkpoint, so that records of an earlier run get their right time too. */
export interface AgentClockState {
  boot: string
  /** both clocks when it was written */
  at: Instant
  stretches: Stretch[]
  /** when the clocks agreed last, Unix ms */
  agreedMs: number
}

/** A moment, and the undisturbed stretch of the wall clock that it lies in. */
export interface ClockInstant extends Instant {
  stretch: number
}

export interface AgentClockOptions {
  clock: Clock
  log: Log
  /** of an earlier run */
  state?: AgentClockState | undefined
  boot?: string
}

/**
 * The agent's clock beside the collector's. Records of a time in which the clock may have been wrong are held until both
 * agree, and then shifted by the steps that the clock made since.
 */
export class AgentClock {
  readonly #o: AgentClockOptions
  readonly #boot: string
  readonly #watch: StepWatch
  readonly #exchange = new ClockExchange()
  #stretches: Stretch[]
  #agreedMs: number
  #offsetMs: number | undefined
  /** whether the clocks agree; undefined: not measured since the start or the last step */
  #agrees: boolean | undefined
  /** steady clock when the offset was measured last */
  #measuredMs = 0

  constructor(options: AgentClockOptions) {
    const { clock, state, boot = bootId() } = options
    this.#o = options
    this.#boot = boot
    this.#agreedMs = state?.agreedMs ?? 0
    this.#stretches = state?.stretches.map((stretch) => ({ ...stretch })) ?? []
    const now = clock.now()
    const sameBoot = state !== undefined && state.boot === boot && state.at.steadyMs <= now.steadyMs
    this.#watch = new StepWatch(clock, sameBoot ? state.at : now)
    if (!sameBoot || this.#stretches.length === 0) this.#begin(now, undefined)
  }

  get state(): AgentClockState {
    return {
      boot: this.#boot,
      at: this.#watch.last,
      stretches: this.#stretches,
      agreedMs: this.#agreedMs,
    }
  }

  /** The stretch that is now. */
  get stretch(): number {
    return this.#current.id
  }

  /** Collector's clock minus this one, ms; undefined: not measured since the start or the last step. */
  get offsetMs(): number | undefined {
    return this.#offsetMs
  }

  /** Whether records must wait: the clocks don’t agree, or that is not measured yet. */
  get holds(): boolean {
    return this.#agrees !== true
  }

  /** By how much the wall clock was set since a stretch, ms. What a start of the computer did is not known, and left out. */
  stepsSince(stretch: number): number {
    const later = this.#stretches.filter(({ id, boot }) => id > stretch && !boot)
    return later.reduce((sum, { stepMs }) => sum + stepMs, 0)
  }

  /** Whether the computer was started since a stretch, so that not all steps are known. */
  bootedSince(stretch: number): boolean {
    return this.#stretches.some(({ id, boot }) => id > stretch && boot)
  }

  /** Whether a measurement says that the clocks don't agree. */
  get disagrees(): boolean {
    return this.#agrees === false
  }

  /** Both clocks. Notices on the way that the wall clock was set. */
  now(): ClockInstant {
    const { at, stepMs } = this.#watch.look()
    if (stepMs !== 0) this.#begin(at, stepMs)
    this.#current.toMs = Math.max(this.#current.toMs, at.wallMs)
    return { ...at, stretch: this.stretch }
  }

  /** Right time minus the time that records of a stretch say, ms; undefined: not known yet. */
  shiftOf(stretch: number): number | undefined {
    // a stretch that is forgotten is older than all that is held
    const found = this.#stretches.find(({ id }) => id === stretch)
    return found ? found.shiftMs : 0
  }

  /** A message that the collector answers is sent now. @param sentAtMs the time that it says */
  sent(sentAtMs: number): void {
    const { steadyMs, stretch } = this.now()
    this.#exchange.sent(sentAtMs, steadyMs, stretch)
  }

  /**
   * The collector's answer.
   * @param atMs the time that it says
   * @param isWrong whether it says that most clocks agree with its own, and not with this one
   */
  answered(echoSentAtMs: number, atMs: number, isWrong = false): void {
    const now = this.now()
    const offset = this.#exchange.answered(echoSentAtMs, atMs, now, now.stretch)
    if (!offset) return
    this.#offsetMs = offset.offsetMs
    const provenMs = Math.abs(offset.offsetMs) - offset.roundTripMs / 2
    const canBeRight = Math.min(now.wallMs, atMs) >= EARLIEST_RIGHT_MS
    if (provenMs <= CLOCK_TOLERANCE_MS && canBeRight) this.#agree(now)
    else this.#disagree(now, offset.offsetMs, isWrong)
    this.#measuredMs = now.steadyMs
  }

  #agree(now: ClockInstant): void {
    if (this.#agrees === false) this.#o.log.info('clock agrees with the collector’s again; records are sent')
    this.#agrees = true
    if (this.#current.shiftMs === undefined)
      this.#stretches = resolved(this.#stretches, this.#agreedMs, this.#offsetMs)
    this.#current.offsetMs = 0
    this.#agreedMs = now.wallMs
  }

  #disagree(now: ClockInstant, offsetMs: number, isWrong: boolean): void {
    if (this.#agrees !== false)
      this.#o.log.warn(
        'the collector’s clock and this one don’t agree; records are held here until they do. Check NTP on both computers',
        { collectorAheadS: Math.round(offsetMs / 1000) },
      )
    // one of the two was set. If this one follows, what it records until then gets its right time by that step
    if (this.#current.shiftMs !== undefined) this.#begin(now, 0)
    if (isWrong && this.#current.offsetMs !== undefined) this.#followSlewing(now, offsetMs)
    else if (!isWrong && this.#otherWasSet) delete this.#current.offsetMs
    else this.#current.offsetMs = offsetMs
    this.#agrees = false
    this.#offsetMs = offsetMs
  }

  /** This clock is slewed, or drifts: what is recorded from here on has another shift than what was recorded before. */
  #followSlewing(now: ClockInstant, offsetMs: number): void {
    const slewMs = (this.#current.offsetMs ?? offsetMs) - offsetMs
    const mostMs = 2 * SLEWED_MS + SLEW_RATIO * (now.steadyMs - this.#measuredMs)
    if (Math.abs(slewMs) > mostMs) this.#current.offsetMs = offsetMs
    else if (Math.abs(slewMs) >= SLEWED_MS) this.#begin(now, 0, slewMs)
  }

  /** Whether the clocks agreed and do so no longer though this one was not set: by how much it is wrong, if it is, is not known. */
  get #otherWasSet(): boolean {
    const { stepMs, boot } = this.#current
    return stepMs === 0 && !boot && this.#stretches.at(-2)?.shiftMs !== undefined
  }

  get #current(): Stretch {
    return this.#stretches.at(-1) as Stretch
  }

  #begin(at: Instant, stepMs: number | undefined, slewMs?: number): void {
    if (stepMs) this.#o.log.warn('the clock was set', { byS: stepMs / 1000 })
    this.#stretches = kept([
      ...this.#stretches,
      nextStretch(this.#stretches, { nowMs: at.wallMs, stepMs, slewMs }),
    ])
    this.#agrees = undefined
    this.#offsetMs = undefined
  }
}
