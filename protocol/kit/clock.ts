import { uptime } from 'node:os'

/** The two clocks of an observation: wall for the label, monotonic for the elapsed time. */
export interface Instant {
  wallMs: number
  steadyMs: number
}

/** Both clocks at one moment. */
export interface Clock {
  now(): Instant
}

/** The time since boot counts while the machine sleeps, which `performance.now()` does not: a suspended agent sees a gap. */
export const systemClock: Clock = {
  now: () => ({ wallMs: Date.now(), steadyMs: uptime() * 1000 }),
}
