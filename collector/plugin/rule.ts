import type { z } from 'zod'
import type { Plugin } from '../../protocol/kit/plugin.ts'
import type { AlertView, SEVERITIES } from '../views/alert.ts'
import type { Situation } from './situation.ts'

export type Severity = (typeof SEVERITIES)[number]

/** What missing data means: `keep` the last verdict, an `alarm`, or `ok`. */
export const NO_DATA = ['keep', 'alarm', 'ok'] as const
export type NoData = (typeof NO_DATA)[number]

/** A rule's verdict on one subject. */
export interface Finding {
  subject: AlertView['subject']
  /**
   * `bad`: past the raise threshold. `good`: past the clear threshold. `between`: hysteresis, no alert begins or ends.
   * `unknown`: no data; the rule's `noData` decides.
   */
  verdict: 'bad' | 'good' | 'between' | 'unknown'
  /** what is wrong, in one line */
  summary?: string
  /** USD/h; absent where it is not known, and then an alert keeps its last figure */
  lossUsdPerHour?: number
  /** wait this much longer than the rule's `for` */
  graceMs?: number
}

/** The contract of an alert rule. One file each in rules/. */
export interface Rule<S extends z.ZodObject = z.ZodObject> extends Plugin<S> {
  /** of the settings that every rule has; durations as in YAML; `noData` is `keep` where absent */
  readonly defaults: { severity: Severity; for: string; clearFor: string; noData?: NoData }
  /** One finding for each subject. Pure: no I/O and no clock but the situation's. */
  judge(situation: Situation, settings: z.output<S>): Finding[]
}

export const defineRule = <S extends z.ZodObject>(rule: Rule<S>): Rule<S> => rule
