import { withFaults } from './faults.ts'
import type { Reading } from './reading.ts'

/** A counter has shown what the device draws once it has moved so often, for at least this time. */
const MOVES_TO_TELL = 3
const TELL_AFTER_S = 60
/** A device that draws so much by its counter is no sleeping one. */
const LEAST_BY_COUNTER_W = 30
/** The counter must show so many times the watts: below it, the two may be sampled apart. */
const TIMES = 4

/** What no device of the kind draws while it is on, and what none draws at all, W. */
const POSSIBLE_W: Readonly<Record<string, readonly [number, number]>> = {
  // boards that sleep draw some watts; the largest of 2025 have a limit of 1,400 W (GB300, MI355X)
  gpu: [3, 2_000],
  // a BMC's machine; see DOUBTED_BELOW_W and DOUBTED_ABOVE_W of host-power
  host: [10, 15_000],
}

interface Run {
  baseJ: number
  lastJ: number
  startMs: number
  moves: number
}

/**
 * Which is worse where watts and an energy counter contradict each other: usually the counter (`EnergyCheck`), which may be of something else.
 * But watts that no such device draws are the worse ones, where the counter shows over a minute what one does draw.
 */
export class ImpossibleWatts {
  readonly #runs = new Map<string, Run>()

  /**
   * @param powerW of the device whose counter it is
   * @returns the reading as it is used, without its watts once they are known to be wrong; undefined: they are possible, or have no counter
   */
  checked(reading: Reading, powerW: number, steadyMs: number): Reading | undefined {
    const { part = '', sample, counters, identity } = reading
    const [least, most] = POSSIBLE_W[identity.kind] ?? []
    const energyJ = counters?.energyJ
    const isPossible = least === undefined || most === undefined || (powerW >= least && powerW <= most)
    if (isPossible || energyJ === undefined) {
      if (isPossible) this.#runs.delete(part)
      return undefined
    }
    const run = this.#runs.get(part)
    if (!run || energyJ < run.lastJ) {
      this.#runs.set(part, { baseJ: energyJ, lastJ: energyJ, startMs: steadyMs, moves: 0 })
      return undefined
    }
    if (energyJ > run.lastJ) run.moves++
    run.lastJ = energyJ
    const seconds = (steadyMs - run.startMs) / 1000
    const counterW = seconds > 0 ? (energyJ - run.baseJ) / seconds : 0
    const shows =
      counterW >= LEAST_BY_COUNTER_W &&
      counterW >= least &&
      counterW <= most &&
      (counterW >= TIMES * powerW || counterW * 2 <= powerW)
    if (!shows) return undefined
    if (run.moves < MOVES_TO_TELL || seconds < TELL_AFTER_S) return reading
    const { powerW: _powerW, ...others } = sample
    const fault = `its power of ${Math.round(10 * powerW) / 10} W is ignored: no such device draws that, and its energy counter grows by ${Math.round(counterW)} W; energy is taken from the counter; check both on its own page`
    return { ...reading, sample: withFaults(others, [fault]) }
  }
}
