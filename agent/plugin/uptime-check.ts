import { withFaults } from './faults.ts'
import type { Reading } from './reading.ts'

/** An uptime may be told in whole minutes, or minutes late. */
const COARSE_S = 300
/** It may run so many times as fast as time: a clock of a board is a little off, never by half. */
const FASTEST = 1.5
/** Over a longer time without a reading the difference says nothing more. */
const JUDGED_AT_MOST_S = 86_400

interface Told {
  uptimeS: number
  steadyMs: number
}

/**
 * An uptime against the time between two readings: it grows with it, or begins again from 0. One that leaps (minutes told for seconds, a clock
 * that was set) is absent in that reading, and a fault tells both; the next one is held against it.
 */
export class UptimeCheck {
  readonly #told = new Map<string, Told>()

  /** @param steadyMs ms of a monotonic clock */
  checked(reading: Reading, steadyMs: number): Reading {
    const { uptimeS } = reading.sample
    if (uptimeS === undefined) return reading
    const part = reading.part ?? ''
    const last = this.#told.get(part)
    this.#told.set(part, { uptimeS, steadyMs })
    if (!last) return reading
    const elapsedS = (steadyMs - last.steadyMs) / 1000
    const grownS = uptimeS - last.uptimeS
    if (elapsedS > JUDGED_AT_MOST_S || grownS <= FASTEST * elapsedS + COARSE_S) return reading
    const { uptimeS: _, ...sample } = reading.sample
    const fault = `its uptime of ${Math.round(uptimeS)} s is ignored: it was ${Math.round(last.uptimeS)} s only ${Math.round(elapsedS)} s ago; check the clock on the machine’s own page`
    return { ...reading, sample: withFaults(sample, [fault]) }
  }
}
