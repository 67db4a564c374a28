import type { Interval, IntervalQuantity } from '../../protocol/interval.ts'
import type { Instant } from '../../protocol/kit/clock.ts'
import { defined } from '../../protocol/kit/defined.ts'
import { type Holder, NOBODY, type Owner, ownerKey } from '../../protocol/owner.ts'
import { POWER_BASES, type PowerBasis } from '../../protocol/sample.ts'
import { apportion, HOUR_MS, MINUTE_MS, minuteOf, workDiff1OfHashrate } from '../../protocol/units.ts'
import type { Reading } from '../plugin/reading.ts'
import { Counter, type CounterState, OWNER_QUANTITIES, type CounterLimit, sumByOwner } from './counter.ts'
import { elapsedSince, isAnotherMachine, type LastReading, restartedSince } from './last-reading.ts'
import { energyLimit, workLimit } from './limits.ts'
import { type Bucket, Minutes, type MinutesState, type Piece } from './minutes.ts'

/** Everything that an accumulator knows, as JSON: what outlives the agent. */
export interface AccumulatorState {
  last?: LastReading
  energy?: CounterState
  counters: [string, CounterState][]
  drawnMilliJ: number
  energyCarryMilliJ: number
  minutes: MinutesState
}

/** A wall clock that is off the monotonic one by less was slewed, or read at another moment: that is time, not a step. */
const STEP_MS = 1000
/** What counted on unseen for longer than the spool keeps anything is not recovered. */
const RECOVERED_AT_MOST_MS = 7 * 24 * HOUR_MS

/**
 * Turns one device's readings into interval records: energy from its counter, else power integrated by trapezoid; work and
 * tokens from counters; GPU time from who held it. A stretch between two readings longer than `maxGapMs` is a gap: power is
 * not drawn through it, only counters speak for it, and the record says `recovered`.
 */
export class DeviceAccumulator {
  readonly #maxGapMs: number
  readonly #minutes: Minutes
  #energy: Counter
  #counters: Map<string, Counter>
  #last: LastReading | undefined
  /** energy drawn from power while the counter was silent, which its next difference contains */
  #drawnMilliJ: number
  #energyCarryMilliJ: number

  /** @param state of an earlier life, to go on from */
  constructor(deviceId: string, maxGapMs: number, state?: AccumulatorState) {
    this.#maxGapMs = maxGapMs
    this.#minutes = new Minutes(deviceId, state?.minutes)
    this.#energy = new Counter(state?.energy)
    this.#counters = new Map(state?.counters.map(([key, s]) => [key, new Counter(s)]))
    this.#last = state?.last
    this.#drawnMilliJ = state?.drawnMilliJ ?? 0
    this.#energyCarryMilliJ = state?.energyCarryMilliJ ?? 0
  }

  get state(): AccumulatorState {
    const energy = this.#energy.state
    const { wallMs, sample, namedOwners, hardwareId } = this.#last ?? {}
    return {
      ...(wallMs !== undefined &&
        sample && { last: defined({ wallMs, sample, namedOwners: namedOwners === true, hardwareId }) }),
      ...(energy ? { energy } : {}),
      counters: [...this.#counters].flatMap(([key, { state }]): [string, CounterState][] =>
        state ? [[key, state]] : [],
      ),
      drawnMilliJ: this.#drawnMilliJ,
      energyCarryMilliJ: this.#energyCarryMilliJ,
      minutes: this.#minutes.state,
    }
  }

  /** False where it has nothing more to tell, and would not go on from what it saw so long ago. */
  lives(wallMs: number): boolean {
    return (
      !this.#minutes.empty || (this.#last !== undefined && wallMs - this.#last.wallMs < RECOVERED_AT_MOST_MS)
    )
  }

  /** Takes a reading. One that is not later than the last is dropped: it can only be a duplicate. */
  observe(reading: Reading, at: Instant): void {
    let last = this.#last
    const elapsedMs = last && elapsedSince(last, at)
    if (elapsedMs !== undefined && elapsedMs < 1 && last?.steadyMs !== undefined) return
    const isAnother = last !== undefined && isAnotherMachine(last, reading)
    if (isAnother || (elapsedMs !== undefined && elapsedMs > RECOVERED_AT_MOST_MS)) {
      this.#forget()
      last = undefined
    }
    const restarted = last && restartedSince(last, reading, elapsedMs ?? 0)
    const countedTo = this.#energy.last
    const says = last ? [last.sample, reading.sample] : [reading.sample]
    const countedMilliJ = this.#counted(reading.counters?.energyJ, restarted, {
      ...energyLimit(reading.identity.kind, says, at.wallMs),
      upMs: upMsOf(reading),
    })
    // a counter that begins anew contains nothing of what was drawn before
    const counting = countedTo !== undefined && countedTo === this.#energy.last
    if (!counting && countedMilliJ === undefined) this.#drawnMilliJ = 0
    const amounts = this.#advanceOwners(reading, restarted, last, at.wallMs)
    const { powerW, uptimeS, holders, hashrateHs, utilizationRatio, tokensInPerS, tokensOutPerS } =
      reading.sample
    this.#last = {
      ...at,
      sample: defined({
        powerW,
        uptimeS,
        holders,
        hashrateHs,
        utilizationRatio,
        tokensInPerS,
        tokensOutPerS,
      }),
      namedOwners: reading.counters?.byOwner !== undefined,
      ...defined({ hardwareId: reading.identity.hardwareId ?? last?.hardwareId }),
    }
    if (!last || elapsedMs === undefined) return

    const fromMs = this.#labelFrom(last, at, elapsedMs)
    const gap = elapsedMs > this.#maxGapMs || elapsedMs < 1
    const pieces = cut(fromMs, at.wallMs, gap)
    const energy = countedMilliJ ?? (gap ? undefined : this.#integrate(last, reading, elapsedMs, counting))
    this.#addEnergyAndTime(last, reading, pieces, energy, gap)
    for (const { owner, quantity, amount } of amounts) this.#addSpread(owner, quantity, amount, pieces, gap)
  }

  /** Up to `limit` records of minutes that are over: of which the next reading was seen, or for which none will come any more. */
  close(wallMs: number, limit = Number.POSITIVE_INFINITY): Interval[] {
    return this.#minutes.take(Math.max(this.#last?.wallMs ?? 0, wallMs - this.#maxGapMs), limit)
  }

  /** Everything, the running minute included: the agent stops. */
  closeAll(): Interval[] {
    return this.#minutes.take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
  }

  #forget(): void {
    this.#energy = new Counter()
    this.#counters = new Map()
    this.#drawnMilliJ = 0
  }

  /**
   * What the wall clock calls the beginning of this stretch. The elapsed time is the monotonic clock's; where the wall clock was
   * set meanwhile, the new time labels it, and what was gathered before is complete.
   */
  #labelFrom(last: LastReading, at: Instant, elapsedMs: number): number {
    if (elapsedMs < 1) {
      // the clock was set back while the agent was down: how long that was, nobody knows
      this.#minutes.seal()
      return Math.min(minuteOf(at.wallMs), at.wallMs - 1)
    }
    const driftMs = at.wallMs - last.wallMs - elapsedMs
    if (Math.abs(driftMs) < STEP_MS && at.wallMs > last.wallMs) return last.wallMs
    this.#minutes.seal()
    return at.wallMs - Math.max(1, Math.round(elapsedMs))
  }

  /** mJ by the energy counter, less what was drawn from power while it was silent. */
  #counted(
    energyJ: number | undefined,
    restarted: boolean | undefined,
    plausible: CounterLimit,
  ): number | undefined {
    if (energyJ === undefined) return undefined
    // a meter that boots, or the gateway before it, shows zeros: believed, the next reading would be all that it ever counted
    if (energyJ === 0 && this.#energy.last !== 0 && restarted !== true) return undefined
    const counted = this.#energy.advance(Math.round(energyJ * 1000), restarted, plausible)
    if (counted === undefined) return undefined
    const drawn = Math.min(counted, this.#drawnMilliJ)
    this.#drawnMilliJ -= drawn
    return counted - drawn
  }

  /** Differences of the counters that belong to owners. */
  #advanceOwners(
    reading: Reading,
    restarted: boolean | undefined,
    last: LastReading | undefined,
    wallMs: number,
  ) {
    const says = last ? [last.sample, reading.sample] : [reading.sample]
    const amounts: { owner: Owner; quantity: IntervalQuantity; amount: number }[] = []
    for (const [ownerText, c] of sumByOwner(reading.counters?.byOwner ?? [], ownerKey)) {
      // what an earlier life of the agent did not count of an owner that it knew has a past, as an update of the agent shows
      const hadPast =
        last?.steadyMs === undefined && OWNER_QUANTITIES.some((q) => this.#counters.has(`${q}|${ownerText}`))
      for (const quantity of OWNER_QUANTITIES) {
        const value = c[quantity]
        if (value === undefined) continue
        const key = `${quantity}|${ownerText}`
        let counter = this.#counters.get(key)
        if (!counter) {
          // An owner that appears while we watch (a pool switch) began at zero; where we couldn't see it before, it had a past.
          counter = new Counter(
            last?.namedOwners && !hadPast ? { last: 0, strikes: 0, atMs: last.wallMs } : undefined,
          )
          this.#counters.set(key, counter)
        }
        const plausible = { ...workLimit(quantity, says, wallMs), upMs: upMsOf(reading) }
        const amount = counter.advance(Math.round(value), restarted, plausible)
        if (amount !== undefined) amounts.push({ owner: c.owner, quantity, amount })
      }
    }
    return amounts
  }

  /**
   * mJ of a trapezoid between two power readings; the fraction of a mJ is carried on, so that it is never lost.
   * @param counting whether a counter ran through them, whose next difference contains it
   */
  #integrate(before: LastReading, now: Reading, elapsedMs: number, counting: boolean): number | undefined {
    const a = before.sample.powerW
    const b = now.sample.powerW
    if (a === undefined || b === undefined) return undefined
    const exact = ((a + b) / 2) * elapsedMs + this.#energyCarryMilliJ
    const whole = Math.max(0, Math.floor(exact))
    this.#energyCarryMilliJ = exact - whole
    if (counting) this.#drawnMilliJ += whole
    return whole
  }

  #addEnergyAndTime(
    before: LastReading,
    now: Reading,
    pieces: Piece[],
    energyMilliJ: number | undefined,
    gap: boolean,
  ): void {
    if (gap && energyMilliJ === undefined) return
    // whoever held the machine when the stretch began held it through
    const holders = before.sample.holders ?? []
    const held = holders.reduce((sum, h) => sum + h.share, 0)
    const parts: Holder[] = held < 1 ? [...holders, { owner: NOBODY, share: 1 - held }] : holders
    const shares = parts.map((p) => p.share)
    const lengths = pieces.map((p) => p.endMs - p.startMs)
    const energies = energyMilliJ === undefined ? undefined : apportion(energyMilliJ, lengths)
    const hashrate = before.sample.hashrateHs
    const utilization = now.sample.utilizationRatio ?? before.sample.utilizationRatio
    for (const [i, piece] of pieces.entries()) {
      const lengthMs = lengths[i] as number
      const energyParts = energies && apportion(energies[i] as number, shares)
      const timeParts = apportion(lengthMs, shares)
      for (const [k, part] of parts.entries()) {
        const bucket = this.#minutes.at(part.owner, piece, gap)
        const { powerBasis } = now.sample
        if (powerBasis) bucket.powerBasis = part.estimated ? worse(powerBasis, 'estimated') : powerBasis
        if (energyParts) add(bucket, 'energyMilliJ', energyParts[k] as number)
        if (gap) continue
        bucket.coveredMs += lengthMs
        if (now.identity.kind === 'gpu') {
          add(bucket, 'gpuMs', timeParts[k] as number)
          if (utilization !== undefined)
            add(bucket, 'busyGpuMs', Math.round((timeParts[k] as number) * Math.min(1, utilization)))
        }
        if (hashrate !== undefined && part.owner !== NOBODY)
          add(
            bucket,
            'hashrateWorkDiff1',
            Math.round(workDiff1OfHashrate(hashrate * part.share, lengthMs / 1000)),
          )
      }
    }
  }

  #addSpread(owner: Owner, quantity: IntervalQuantity, amount: number, pieces: Piece[], gap: boolean): void {
    const parts = apportion(
      amount,
      pieces.map((p) => p.endMs - p.startMs),
    )
    for (const [i, piece] of pieces.entries()) {
      const part = parts[i] as number
      // a pool that was not worked for has no record
      if (part > 0 || this.#minutes.has(owner, piece))
        add(this.#minutes.at(owner, piece, gap), quantity, part)
    }
  }
}

const worse = (a: PowerBasis, b: PowerBasis): PowerBasis =>
  POWER_BASES.indexOf(a) < POWER_BASES.indexOf(b) ? b : a

const upMsOf = ({ sample: { uptimeS } }: Reading): number | undefined =>
  uptimeS === undefined ? undefined : uptimeS * 1000

function add({ sums }: Pick<Bucket, 'sums'>, quantity: IntervalQuantity, amount: number): void {
  sums[quantity] = (sums[quantity] ?? 0) + amount
}

/** A stretch at its UTC minutes. The whole minutes inside a gap stay one piece: they are told apart when they are taken. */
function cut(fromMs: number, toMs: number, gap: boolean): Piece[] {
  const pieces: Piece[] = []
  for (let startMs = fromMs; startMs < toMs; ) {
    const atBoundary = minuteOf(startMs) === startMs
    const wholeMs = gap && atBoundary ? minuteOf(toMs) - startMs : 0
    const endMs = Math.min(toMs, minuteOf(startMs) + Math.max(wholeMs, MINUTE_MS))
    pieces.push({ startMs, endMs })
    startMs = endMs
  }
  return pieces
}
