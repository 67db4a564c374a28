import type { Instant } from './accumulator.ts'

/** Both clocks at one moment: the wall's for labels, the monotonic one for elapsed time. */
export interface Clock {
  now(): Instant
}

export const systemClock: Clock = {
  now: () => ({ wallMs: Date.now(), steadyMs: performance.now() }),
}
