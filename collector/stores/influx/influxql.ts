import { runsOf } from '../../economics/minute-runs.ts'
import { escapeText } from '../../rows/escaped-text.ts'

/** The condition for a time in [fromMs, toMs). */
export const within = (fromMs: number, toMs: number): string =>
  `time >= ${Math.ceil(fromMs)}ms AND time < ${Math.ceil(toMs)}ms`

/** Minutes as such conditions, one for each run of neighbours. */
export const spans = (minutes: readonly number[]): string[] =>
  runsOf(minutes).map(([fromMs, toMs]) => within(fromMs, toMs))

/** A string literal, safe with any text. */
export const literal = (value: string): string => `'${escapeText(value).replaceAll("'", "\\'")}'`
