import { withFaults } from './faults.ts'
import { ImpossibleWatts } from './impossible-watts.ts'
import { LongComparison } from './long-comparison.ts'
import type { Reading } from './reading.ts'
import { mayReachW, SampledPower } from './sampled-power.ts'

/** A counter is judged only after the device has drawn this much since the last judgement: counters move in steps. */
const JUDGED_FROM_J = 50
/** Over a minute the counter and the watts may differ by this part of the watts, which are samples of what the counter sums up. */
const TOLERANCE = 1 / 3
/** Movements of a counter that disagrees before it is given up. Until then it is only held back. */
const MOVES_TO_REFUTE = 5
/** A machine that stood still for some polls looks like a wrong counter at first. Nothing is lost until then: a counter that comes back includes the time. */
const REFUTE_AFTER_S = 60
/** An agreement is judged afresh after this many movements, so that a later disagreement doesn't drown in it. */
const MOVES_IN_WINDOW = 10

/** After a pause this many times longer than the one before, the watts say too little about the time between. */
const PAUSE = 3
const SHORTEST_PAUSE_MS = 5_000

/** A driver or an exporter that hangs repeats its last figures. Until then its watts are no measure of a counter that stands still. */
const STANDS_AT_MOST_MS = 60_000

/** The time since a reading at which the counter had just moved. */
interface Window {
  baseJ: number
  /** energy by the power readings since then */
  drawnJ: number
  startMs: number
  moves: number
  readings: number
  power: SampledPower
  last: {
    energyJ: number
    powerW: number
    atMs: number
    movedAtDrawnJ: number
    movedAtMs: number
    sinceMs: number
  }
  /** the counter disagreed when it was judged last */
  held: boolean
  /** a pause came: the next value of the counter starts a new window */
  broken: boolean
}

/**
 * Holds the energy counters of a machine and its parts against their own watts. A counter may be of something else: the module with
 * its CPU on a GH200, one domain of the card, all partitions of a chip, or the time since the last query. While the two disagree, the
 * counter is left out, so that the power is integrated instead; nothing is lost by that, because a counter that comes back includes
 * the time. If it goes on, the counter is refused for the rest of the session, and a fault tells both figures. The next session leaves it
 * out too, until it has agreed with the watts for as long as it must disagree to be refused.
 */
export class EnergyCheck {
  readonly #windows = new Map<string, Window>()
  readonly #impossible = new ImpossibleWatts()
  readonly #long = new Map<string, LongComparison>()
  /** the highest power of each part so far, and what it may reach, W */
  readonly #highestW = new Map<string, number>()
  readonly #mayReachW = new Map<string, number>()
  readonly #faults = new Map<string, string>()
  /** faults of an earlier session, until the counter has agreed */
  readonly #distrusted: Map<string, string>

  /** @param known as `known` was in an earlier session; anything else is taken for nothing */
  constructor(known?: unknown) {
    const faults = typeof known === 'object' && known !== null ? Object.entries(known) : []
    this.#distrusted = new Map(
      faults.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    )
  }

  /** Why counters are refused, by part, for the next session: JSON. Undefined: none is. */
  get known(): Record<string, string> | undefined {
    const faults = Object.fromEntries([...this.#distrusted, ...this.#faults])
    return Object.keys(faults).length > 0 ? faults : undefined
  }

  /** The reading, without its energy counter while that disagrees with its power. @param steadyMs time on a steady clock */
  checked(reading: Reading, steadyMs: number): Reading {
    const { part = '', counters, sample, identity } = reading
    const energyJ = counters?.energyJ
    // a package's counter stands at each of its parts, beside the part's own share of the watts
    const { energyPart = 1 } = counters ?? {}
    const powerW = energyPart > 0 && sample.powerW !== undefined ? sample.powerW / energyPart : undefined
    // a meter's counter moves in steps as large as 100 kWh, and is held by the meter drivers' HeldCounter
    if (identity.kind === 'meter' || powerW === undefined) return reading
    const byCounter = this.#faults.has(part) ? undefined : this.#impossible.checked(reading, powerW, steadyMs)
    if (byCounter) return byCounter
    const highestW = Math.max(powerW, this.#highestW.get(part) ?? 0)
    const limitW = sample.powerLimitW === undefined ? undefined : sample.powerLimitW / energyPart
    this.#highestW.set(part, highestW)
    this.#mayReachW.set(part, mayReachW(identity.kind, limitW, highestW))
    if (energyJ === undefined) {
      // a counter of large steps is reported only where it has moved; the power between counts all the same
      this.#draw(part, powerW, steadyMs)
      return reading
    }
    const agrees = this.#faults.has(part) ? false : this.#agrees(part, energyJ, powerW, steadyMs)
    if (agrees && this.#long.get(part)?.agrees) this.#distrusted.delete(part)
    if (agrees && !this.#distrusted.has(part)) return reading
    const fault = this.#faults.get(part) ?? this.#distrusted.get(part)
    const { counters: _counters, ...rest } = reading
    const { energyJ: _energyJ, energyPart: _part, ...others } = counters ?? {}
    const told = { ...others, ...(fault && { refused: ['energyJ' as const] }) }
    return {
      ...rest,
      ...(Object.keys(told).length > 0 && { counters: told }),
      sample: fault ? withFaults(sample, [fault]) : sample,
    }
  }

  #agrees(part: string, energyJ: number, powerW: number, atMs: number): boolean {
    const window = this.#windows.get(part)
    if (!window) {
      this.#begin(part, energyJ, powerW, atMs, false)
      return true
    }
    const { last } = window
    const long = this.#long.get(part) ?? new LongComparison()
    this.#long.set(part, long)
    if (!this.#draw(part, powerW, atMs)) {
      this.#begin(part, energyJ, powerW, atMs, window.held)
      return !window.held && !long.held
    }
    const before = last.energyJ
    window.last.energyJ = energyJ
    if (energyJ < before) {
      // the driver was loaded again, or the counter counts since the last query
      long.restart()
      this.#begin(part, energyJ, powerW, atMs, true)
      return false
    }
    if (energyJ === before)
      return (
        !long.held &&
        (window.drawnJ - last.movedAtDrawnJ <= JUDGED_FROM_J || atMs - last.movedAtMs <= STANDS_AT_MOST_MS)
      )
    window.last.movedAtMs = atMs
    window.last.movedAtDrawnJ = window.drawnJ
    window.moves++
    const refused = long.moved(energyJ, atMs, this.#mayReachW.get(part) ?? 0)
    if (refused) this.#faults.set(part, faultOf(refused.counterW, refused.powerW))
    const agrees =
      window.drawnJ <= JUDGED_FROM_J ? !window.held : this.#judged(part, window, energyJ, powerW, atMs)
    return agrees && !long.held
  }

  /** Adds the energy since the last reading by its power. @returns false: after a pause that was too long to know it; the window is over */
  #draw(part: string, powerW: number, atMs: number): boolean {
    const window = this.#windows.get(part)
    if (!window || window.broken) return false
    const { last } = window
    const sinceMs = Math.max(0, atMs - last.atMs)
    if (sinceMs > SHORTEST_PAUSE_MS && sinceMs > PAUSE * last.sinceMs && window.readings > 0) {
      window.broken = true
      this.#long.get(part)?.restart()
      return false
    }
    const drawnJ = (((last.powerW + powerW) / 2) * sinceMs) / 1000
    window.drawnJ += drawnJ
    window.readings++
    window.power.add(powerW)
    this.#long.get(part)?.draw(drawnJ, powerW)
    window.last = { ...last, powerW, atMs, sinceMs }
    return true
  }

  #judged(part: string, window: Window, energyJ: number, powerW: number, atMs: number): boolean {
    const { drawnJ, baseJ, startMs, moves, power } = window
    const grownJ = energyJ - baseJ
    const seconds = (atMs - startMs) / 1000
    const difference = Math.abs(grownJ - drawnJ)
    if (difference <= TOLERANCE * drawnJ) {
      window.held = false
      if (moves >= MOVES_IN_WINDOW) this.#begin(part, energyJ, powerW, atMs, false)
      return true
    }
    window.held = true
    const openJ = power.openW(moves, this.#mayReachW.get(part) ?? 0, 'refusal') * seconds
    if (moves >= MOVES_TO_REFUTE && seconds >= REFUTE_AFTER_S && difference > TOLERANCE * drawnJ + openJ)
      this.#faults.set(part, faultOf(grownJ / seconds, drawnJ / seconds))
    return false
  }

  #begin(part: string, energyJ: number, powerW: number, atMs: number, held: boolean): void {
    this.#windows.set(part, {
      baseJ: energyJ,
      drawnJ: 0,
      startMs: atMs,
      moves: 0,
      readings: 0,
      power: new SampledPower(),
      last: { energyJ, powerW, atMs, movedAtDrawnJ: 0, movedAtMs: atMs, sinceMs: 0 },
      held,
      broken: false,
    })
  }
}

const faultOf = (counterW: number, powerW: number): string =>
  `its energy counter grows by ${Math.round(counterW)} W while it reports ${Math.round(powerW)} W, so the counter is of something else (a module with its CPU, or a part of the card) and is not used; energy is taken from the watts`
