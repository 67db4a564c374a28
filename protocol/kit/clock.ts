import { uptime } from 'node:os'

/** Two clocks: `wallMs` (Unix ms) labels an observation; `steadyMs` never steps and measures elapsed time. */
export interface Instant {
  wallMs: number
  steadyMs: number
}

/** Reads both clocks at one moment. */
export interface Clock {
  now(): Instant
}

/** Time since boot goes on while the machine is suspended, unlike `performance.now()`, so an agent sees the suspension as a gap. */
export const systemClock: Clock = {
  now: () => ({ wallMs: Date.now(), steadyMs: uptime() * 1000 }),
}
