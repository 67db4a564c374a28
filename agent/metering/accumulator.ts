import type { Interval } from '../../protocol/interval.ts'
import type { Instant } from '../../protocol/kit/clock.ts'
import { defined } from '../../protocol/kit/defined.ts'
import { ownerKey } from '../../protocol/owner.ts'
import { HOUR_MS, minuteOf } from '../../protocol/units.ts'
import type { Reading } from '../plugin/reading.ts'
import { EnergyMeter, type EnergyMeterState } from './energy-meter.ts'
import {
  asLastReading,
  compare,
  elapsedSince,
  isAnotherMachine,
  type LastReading,
  powerFrom,
  unpoweredAt,
} from './last-reading.ts'
import { energyLimit } from './limits.ts'
import { MinuteMeter, type MinuteMeterState } from './minute-meter.ts'
import { type OwnerAmount, OwnerMeter, type OwnerMeterState } from './owner-meter.ts'
import { cutAtMinutes } from './piece.ts'
import { markBegin, spreadAmount, spreadEnergyAndTime, spreadExported } from './spread.ts'
import type { Shown } from './unseen-work.ts'
import { WorkEstimate, type WorkEstimateState } from './work-estimate.ts'

/** Everything that an accumulator needs to go on after a restart. Kept on disk as JSON in the spool's checkpoint. */
export interface AccumulatorState extends EnergyMeterState {
  last?: LastReading
  /** a meter's other direction; absent in states that an older version wrote */
  exported?: EnergyMeterState
  counters: OwnerMeterState
  minutes: MinuteMeterState
  /** absent in states that an older version of the agent wrote */
  estimate?: WorkEstimateState
}

/** A smaller difference between the wall clock and the monotonic one is slewing, or the moments of reading them: not a clock step. */
const STEP_MS = 1000
/** Growth of a counter over a longer time is not recovered: nobody can say in which of so many minutes it happened. */
const RECOVERED_AT_MOST_MS = 7 * 24 * HOUR_MS

/**
 * Turns one device's readings into interval records: energy from its counter, else from power; work and tokens from counters by
 * owner; GPU time from the holders. A time between two readings longer than `maxGapMs` is a gap: no power is integrated over
 * it, only counters cover it, and its records are marked `recovered`.
 */
export class DeviceAccumulator {
  readonly #maxGapMs: number
  readonly #minutes: MinuteMeter
  readonly #energy: EnergyMeter
  /** what flows out through a meter */
  readonly #exported: EnergyMeter
  readonly #estimate: WorkEstimate
  #owners: OwnerMeter
  #last: LastReading | undefined

  /**
   * @param state of an earlier run of the agent, to go on from
   * @param clock stretch of the agent's clock that is now
   */
  constructor(deviceId: string, maxGapMs: number, state?: AccumulatorState, clock?: number) {
    this.#maxGapMs = maxGapMs
    this.#minutes = new MinuteMeter(deviceId, state?.minutes, clock)
    this.#energy = new EnergyMeter(state)
    this.#exported = new EnergyMeter(state?.exported)
    this.#estimate = new WorkEstimate(state?.estimate)
    this.#owners = new OwnerMeter(state?.counters)
    this.#last = state?.last
  }

  get state(): AccumulatorState {
    const { wallMs, sample, namedOwners, hardwareId, unpowered, estimate } = this.#last ?? {}
    return {
      ...(wallMs !== undefined &&
        sample && {
          last: defined({
            wallMs,
            sample,
            namedOwners: namedOwners === true,
            hardwareId,
            unpowered,
            estimate,
          }),
        }),
      ...this.#energy.state,
      exported: this.#exported.state,
      counters: this.#owners.state,
      minutes: this.#minutes.state,
      estimate: this.#estimate.state,
    }
  }

  /** False: it holds no open record, and its last reading is too old to go on from. */
  lives(wallMs: number): boolean {
    return (
      !this.#minutes.empty || (this.#last !== undefined && wallMs - this.#last.wallMs < RECOVERED_AT_MOST_MS)
    )
  }

  /**
   * The wall clock was set: what is open is complete, and times before are now in the new clock.
   * @param clock the stretch of the agent's clock that begins
   * @param isKnown whether `stepMs` is the whole step; false: the computer was started in between
   */
  clockSet(stepMs: number, clock: number, isKnown: boolean): void {
    this.#minutes.begin(clock, stepMs, isKnown)
    if (this.#last) this.#last = { ...this.#last, wallMs: this.#last.wallMs + stepMs }
    for (const part of [this.#energy, this.#exported, this.#owners, this.#estimate]) part.clockSet(stepMs)
  }

  /** The agent's clock is right. @param shiftOf right time minus the time that records of a stretch say, ms; undefined: not known yet */
  trustClock(wallMs: number, shiftOf?: (clock: number) => number | undefined): void {
    this.#minutes.trustClock(wallMs, shiftOf)
  }

  /** The stretches of the agent's clock that it has open records of. */
  get clocks(): Set<number | undefined> {
    return this.#minutes.clocks
  }

  /** Takes a reading. A reading that is not later than the last one is a duplicate, and dropped. */
  observe(reading: Reading, at: Instant): void {
    const elapsedMs = this.#last && elapsedSince(this.#last, at)
    if (this.#isDuplicate(elapsedMs) || tellsNothing(reading)) return
    if (this.#mustStartAgain(reading, elapsedMs)) this.#startAgain()
    const last = this.#last
    const comparison = compare(last, reading, at, elapsedMs)
    const limit = energyLimit(reading.identity.kind, comparison)
    const { energyJ, energyPart, exportedJ, refused = [] } = reading.counters ?? {}
    if (refused.includes('energyJ')) this.#energy.forgetCounter()
    if (refused.includes('exportedJ')) this.#exported.forgetCounter()
    const countedMilliJ = this.#energy.count(energyJ, comparison.restarted, limit, energyPart)
    if (refused.includes('work') || refused.includes('tokens')) this.#owners = new OwnerMeter()
    const outMilliJ = this.#exported.count(exportedJ, comparison.restarted, limit)
    // asked before the counters advance: one that appears now starts from its value, so none of the estimate is in its growth
    const counting = this.#countingOwners(last)
    const growth = this.#owners.advance(reading.counters?.byOwner ?? [], comparison)
    this.#owners.see(reading.counters?.unsold ?? [], comparison)
    const shown = { amounts: growth, told: toldWork(reading), atMs: at.wallMs }
    if (comparison.restarted) this.#estimate.restarted()
    const amounts = this.#estimate.settle(shown)
    if (last && elapsedMs !== undefined)
      amounts.push(...this.#estimated(last, elapsedMs, { ...shown, counting }))
    // the time between this reading and the last one lies before the restart, but for its end
    if (comparison.restarted) this.#estimate.restarted()
    // a counter may have been left out for a while before it is refused
    if (refused.includes('work')) amounts.push(...this.#estimate.end())
    this.#estimate.note(reading)
    const counts = this.#owners.countsWorkSince(at.wallMs - RECOVERED_AT_MOST_MS)
    const mostMs = this.#maxGapMs
    const unpowered = unpoweredAt(reading, last, elapsedMs, { counted: countedMilliJ !== undefined, mostMs })
    this.#last = { ...asLastReading(reading, at, last, counts), ...defined({ unpowered }) }
    if (last && elapsedMs !== undefined)
      this.#book(last, reading, at, elapsedMs, { countedMilliJ, outMilliJ }, amounts)
  }

  /** Up to `limit` records of minutes that are over: a later reading came, or it is too late for one. */
  close(
    wallMs: number,
    limit = Number.POSITIVE_INFINITY,
    clocks?: ReadonlySet<number | undefined>,
  ): Interval[] {
    // a machine that is gone has no reading that would book what waits
    if (this.#last && wallMs - this.#last.wallMs > this.#maxGapMs)
      this.#bookLate(this.#estimate.overdue(wallMs))
    return this.#minutes.take(Math.max(this.#last?.wallMs ?? 0, wallMs - this.#maxGapMs), limit, clocks)
  }

  /** Books work for which no reading comes any more to the end of the last one's time. */
  #bookLate(amounts: readonly OwnerAmount[]): void {
    const endMs = this.#last?.wallMs
    if (endMs === undefined) return
    const span = { gap: false, pieces: [{ startMs: endMs - 1, endMs }] }
    for (const amount of amounts) spreadAmount(this.#minutes, span, amount)
  }

  /** All records, the running minute included: the agent stops. */
  closeAll(clocks?: ReadonlySet<number | undefined>): Interval[] {
    return this.#minutes.take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, clocks)
  }

  /** Keys of the owners whose work is estimated, and was counted before. */
  #countingOwners(last: LastReading | undefined): ReadonlySet<string> {
    const owners = last?.estimate?.holders.map((h) => h.owner) ?? []
    return new Set(owners.filter((owner) => this.#owners.countsWorkOf(owner)).map(ownerKey))
  }

  /** The work that no counter tells, over a time that readings cover. @param shown what counters gave for the same time */
  #estimated(
    last: LastReading,
    elapsedMs: number,
    { amounts, ...shown }: Shown & { counting: ReadonlySet<string> },
  ): OwnerAmount[] {
    if (this.#isGap(elapsedMs)) return []
    const counted = amounts.filter((a) => a.quantity === 'workDiff1' && !(a.begins && a.amount === 0))
    const grown = new Set(counted.map((a) => ownerKey(a.owner)))
    return [
      ...this.#estimate.between(last, elapsedMs, { ...shown, grown }),
      ...this.#estimate.wait(last, elapsedMs, { ...shown, grown }),
    ]
  }

  #isGap(elapsedMs: number): boolean {
    return elapsedMs > this.#maxGapMs || elapsedMs < 1
  }

  #isDuplicate(elapsedMs: number | undefined): boolean {
    return elapsedMs !== undefined && elapsedMs < 1 && this.#last?.steadyMs !== undefined
  }

  #mustStartAgain(reading: Reading, elapsedMs = 0): boolean {
    return (
      this.#last !== undefined && (isAnotherMachine(this.#last, reading) || elapsedMs > RECOVERED_AT_MOST_MS)
    )
  }

  /** Forgets the counters and the last reading, and books what waited for them. The open records stay. */
  #startAgain(): void {
    this.#bookLate(this.#estimate.end())
    this.#energy.forgetCounter()
    this.#exported.forgetCounter()
    this.#owners = new OwnerMeter()
    this.#last = undefined
  }

  /** Books the energy, time and work between two readings to the minutes that they span. */
  #book(
    last: LastReading,
    reading: Reading,
    at: Instant,
    elapsedMs: number,
    { countedMilliJ, outMilliJ }: { countedMilliJ: number | undefined; outMilliJ: number | undefined },
    amounts: readonly OwnerAmount[],
  ): void {
    const fromMs = this.#labelFrom(last, at, elapsedMs)
    const gap = this.#isGap(elapsedMs)
    const span = { last, reading, gap, pieces: cutAtMinutes(fromMs, at.wallMs, gap) }
    const from = powerFrom(last)
    const sinceMs = from.ms + elapsedMs
    const fromW = sinceMs > this.#maxGapMs ? undefined : from.powerW
    const integrate = () => this.#energy.integrate(fromW, reading.sample.powerW, sinceMs)
    spreadEnergyAndTime(this.#minutes, span, countedMilliJ ?? (gap ? undefined : integrate()))
    if (reading.identity.kind === 'meter') {
      const out = (w: number | undefined) => (w === undefined ? undefined : -w)
      const flowedOut = () => this.#exported.integrate(out(fromW), out(reading.sample.powerW), sinceMs)
      spreadExported(this.#minutes, span, outMilliJ ?? (gap ? 0 : (flowedOut() ?? 0)))
    }
    for (const amount of amounts) spreadAmount(this.#minutes, span, amount)
    if (gap && last.steadyMs === undefined && this.#awaits(at.wallMs)) markBegin(this.#minutes, span)
  }

  /** Whether the growth of a counter up to this reading will be told by a later one. */
  #awaits(atMs: number): boolean {
    const parts = [this.#energy, this.#exported, this.#owners]
    return parts.some((part) => part.awaits(atMs - RECOVERED_AT_MOST_MS, atMs))
  }

  /**
   * The wall clock time from which the time since the last reading is booked, Unix ms. The monotonic clock gives its length.
   * Where the wall clock was set meanwhile, the new wall time labels it, and the records before are complete.
   */
  #labelFrom(last: LastReading, at: Instant, elapsedMs: number): number {
    if (elapsedMs < 1) {
      // the wall clock was set back while the agent was down, so the length of that time is unknown
      this.#minutes.seal()
      return Math.min(minuteOf(at.wallMs), at.wallMs - 1)
    }
    const driftMs = at.wallMs - last.wallMs - elapsedMs
    if (Math.abs(driftMs) < STEP_MS && at.wallMs > last.wallMs) return last.wallMs
    this.#minutes.seal()
    return at.wallMs - Math.max(1, Math.round(elapsedMs))
  }
}

/**
 * A machine that answered, but not how it does: as a poll without an answer it leaves the time to the next reading, which books it by the
 * one before.
 */
function tellsNothing({ identity, sample, counters }: Reading): boolean {
  const { state, powerW, hashrateHs } = sample
  const isUntold = powerW === undefined && hashrateHs === undefined && counters === undefined
  return identity.kind === 'asic' && state === 'unknown' && isUntold
}

/** Keys of the owners whose counter of work a reading tells; undefined where it tells none. */
function toldWork({ counters }: Reading): ReadonlySet<string> | undefined {
  const told = counters?.byOwner?.filter(({ workDiff1 }) => workDiff1 !== undefined) ?? []
  return told.length > 0 ? new Set(told.map(({ owner }) => ownerKey(owner))) : undefined
}
