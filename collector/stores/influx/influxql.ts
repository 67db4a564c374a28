import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'
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

/** A retention policy's duration such as `720h0m0s`, in ms; undefined where it is without end (`0s`). */
export function durationOf(text: string): number | undefined {
  const [, hours = 0, minutes = 0, seconds = 0] = /^(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?$/.exec(text) ?? []
  const ms = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS + Number(seconds) * 1000
  return ms > 0 ? ms : undefined
}
