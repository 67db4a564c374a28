import type { z } from 'zod'
import type { Finding, NoData, Rule, Severity } from '../plugin/rule.ts'
import type { Situation } from '../plugin/situation.ts'
import { type RuleConfig, ruleSchema } from './config.ts'

/** A rule with its settings, ready for the engine. */
export interface ActiveRule {
  readonly name: string
  readonly severity: Severity
  readonly forMs: number
  readonly clearForMs: number
  readonly noData: NoData
  judge(situation: Situation): Finding[]
}

/** A rule's settings by the configuration; its defaults where it is not configured. */
export const settingsOf = <S extends z.ZodObject>(
  rule: Rule<S>,
  configs: readonly RuleConfig[],
): z.output<S> =>
  (configs.find((c) => c.rule === rule.name) ?? ruleSchema([rule]).parse({ rule: rule.name })) as z.output<S>

/** The rules that are enabled; one that is not configured has its defaults. */
export function activeRules(rules: readonly Rule[], configs: readonly RuleConfig[]): ActiveRule[] {
  return rules.flatMap((rule) => {
    const { name } = rule
    const config = configs.find((c) => c.rule === name) ?? ruleSchema([rule]).parse({ rule: name })
    if (!config.enabled) return []
    return {
      name,
      severity: config.severity,
      forMs: config.for,
      clearForMs: config.clearFor,
      noData: config.noData,
      judge: (situation: Situation) => rule.judge(situation, config),
    }
  })
}
