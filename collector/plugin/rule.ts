import { z } from 'zod'
import { DurationMsSchema } from '../../protocol/kit/fields.ts'
import { type AlertView, SEVERITIES } from '../views/alert.ts'
import type { Situation } from './situation.ts'

export type Severity = (typeof SEVERITIES)[number]

/** What unknown means: `keep` the last verdict, an `alarm`, or `ok`. */
const NO_DATA = ['keep', 'alarm', 'ok'] as const

/** What a rule says of one subject now. */
export interface Finding {
  subject: AlertView['subject']
  /**
   * `bad`: past the raise threshold. `good`: past the clear threshold. `between` the two nothing begins and nothing ends.
   * `unknown`: no data; the rule's policy decides.
   */
  verdict: 'bad' | 'good' | 'between' | 'unknown'
  /** what is wrong, in one line */
  summary?: string
  /** USD/h; absent where nobody knows, and then an alert keeps what it last said */
  lossUsdPerHour?: number
  /** this much longer than the rule's `for` */
  graceMs?: number
}

interface Common {
  enabled: boolean
  severity: Severity
  for: number
  clearFor: number
  noData: (typeof NO_DATA)[number]
}

/** A rule as data: what it is called, what can be set, and how a situation is judged. */
export interface Rule<S extends z.ZodType<Common> = z.ZodType<Common>> {
  readonly name: string
  /** one line for the documentation */
  readonly about: string
  readonly settings: S
  judge(situation: Situation, settings: z.output<S>): Finding[]
}

/** A rule with its settings, ready for the engine. */
export interface ActiveRule {
  readonly name: string
  readonly severity: Severity
  readonly forMs: number
  readonly clearForMs: number
  readonly noData: (typeof NO_DATA)[number]
  judge(situation: Situation): Finding[]
}

export const defineRule = <S extends z.ZodType<Common>>(rule: Rule<S>): Rule<S> => rule

/** The settings that every rule has, with this rule's defaults. */
export const commonSettings = (defaults: {
  severity: Severity
  for: string
  clearFor: string
  noData?: (typeof NO_DATA)[number]
}) => ({
  enabled: z.boolean().default(true).describe('false: never judged'),
  severity: z.enum(SEVERITIES).default(defaults.severity),
  for: DurationMsSchema.prefault(defaults.for).describe('how long it must be so before the alert fires'),
  clearFor: DurationMsSchema.prefault(defaults.clearFor).describe(
    'how long it must be well before the alert is resolved',
  ),
  noData: z
    .enum(NO_DATA)
    .default(defaults.noData ?? 'keep')
    .describe('what missing data means: keep the last verdict, an alarm, or ok'),
})

/** The rules that are enabled, with their settings by name. */
export function activeRules(rules: readonly Rule[], settings: Record<string, Common>): ActiveRule[] {
  return rules.flatMap((rule) => {
    const own = settings[rule.name] ?? rule.settings.parse({})
    if (!own.enabled) return []
    return {
      name: rule.name,
      severity: own.severity,
      forMs: own.for,
      clearForMs: own.clearFor,
      noData: own.noData,
      judge: (situation: Situation) => rule.judge(situation, own),
    }
  })
}
