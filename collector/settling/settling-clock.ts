import type { Instant } from '../../protocol/kit/clock.ts'
import type { RulesVersion } from '../plugin/audit-store.ts'

/** The clock by which minutes are settled. */
export interface SettlingClock {
  /** whether a clock that is not this computer's own has agreed with it since the start, or since it was last set */
  readonly isConfirmed: boolean
  /** whether rules may begin by it: it may be right, and no other clock contradicts it */
  readonly mayBegin: boolean
  /** when it was started or set last, by itself, Unix ms */
  readonly sinceMs: number
  /** wall clock and steady clock at one moment */
  readonly instant: Instant
  /** tells which start of the computer the steady clock begins with */
  readonly boot: string
}

export type RulesBegin = Pick<RulesVersion, 'version' | 'fromMs'>

/** What is to be taken back because the clock was set. */
export interface ClockMove {
  /** by how much it was set, ms; absent: not known */
  byMs?: number
  /** it was set back: the minutes lie ahead of it, and count once they are over, whoever had confirmed the clock of before */
  isAhead?: true
  /** begins of rules by the wrong clock, with those by the right one */
  rules: (RulesBegin & { toMs: number })[]
  /** minutes that were settled by the wrong clock, [from, to) of each run */
  minutes: [fromMs: number, toMs: number][]
}
