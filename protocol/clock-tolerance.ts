import { MINUTE_MS } from './units.ts'

/** Clocks that differ by more don't agree: which minute a record belongs to is then not known. */
export const CLOCK_TOLERANCE_MS = 2 * MINUTE_MS

/** No right clock shows an earlier time, because this version was written later. A computer without a battery starts in 1970. */
export const EARLIEST_RIGHT_MS = Date.UTC(2025, 0, 1)
