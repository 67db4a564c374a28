import type { QuoteName } from '../../protocol/quote.ts'
import type { Doubt } from './source-watch.ts'

/** A value that is held back because it can hardly be true. */
export interface HeldBack extends Doubt {
  name: QuoteName
  value: number
  unit: string
  source: string
  /** of a pushed quote, the time from which it is to hold, where that is not when it was pushed, Unix ms */
  fromMs?: number
  /** it was used until `sinceMs`, from here, and steady readings said otherwise then: minutes of that time are to be repriced, Unix ms */
  usedFromMs?: number
  /** since when it is held back, Unix ms */
  sinceMs: number
}
