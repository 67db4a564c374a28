import { z } from 'zod'
import { NameSchema } from '../../protocol/device.ts'
import { durationMs } from '../../protocol/kit/fields.ts'
import { type Entry, entrySchema } from '../../protocol/kit/plugin.ts'
import type { Channel } from '../plugin/channel.ts'
import { NO_DATA, type Rule } from '../plugin/rule.ts'
import { SEVERITIES } from '../views/alert.ts'

/** What every rule has beside its own settings. */
const ruleSettings = ({ defaults }: Rule) => ({
  enabled: z.boolean().default(true).describe('false: never judged'),
  severity: z.enum(SEVERITIES).default(defaults.severity).describe('severity of its alerts'),
  for: durationMs('0s', '7d')
    .prefault(defaults.for)
    .describe('debounce: how long it must be bad before the alert fires'),
  clearFor: durationMs('0s', '7d')
    .prefault(defaults.clearFor)
    .describe('how long it must be good before the alert is resolved'),
  noData: z
    .enum(NO_DATA)
    .default(defaults.noData ?? 'keep')
    .describe('what missing data means: keep the last verdict, an alarm, or ok'),
})

/** What every receiver has beside its channel's settings. */
const receiverSettings = {
  name: NameSchema.describe('what logs and screens call it'),
  minSeverity: z.enum(SEVERITIES).default('info').describe('alerts below this are not sent to it'),
  sendResolved: z.boolean().default(true).describe('false: only the begin of an alert is sent'),
}

export type RuleConfig = Entry<'rule', ReturnType<typeof ruleSettings>>
export type ReceiverConfig = Entry<'channel', typeof receiverSettings>

export interface AlertsConfig {
  rules: RuleConfig[]
  receivers: ReceiverConfig[]
}

/** One entry of `rules:`, such as `{ rule: hot, for: 1m, raise: 95 }`. */
export const ruleSchema = (rules: readonly Rule[]) => entrySchema('rule', rules, ruleSettings)

const listOf = <T extends z.ZodType>(entry: T, example: string) =>
  z
    .array(entry, {
      error: ({ input }) => (Array.isArray(input) ? undefined : `expected a list such as [${example}]`),
    })
    .default([])

/** The `alerts:` part of the configuration: `{ rules: [{ rule: hot, for: 1m }], receivers: [{ channel: webhook, name: ops, ... }] }`. */
export function alertsSchema(channels: readonly Channel[], rules: readonly Rule[]) {
  return z.strictObject({
    rules: listOf(ruleSchema(rules), '{ rule: hot, for: 1m }')
      .superRefine((configs, ctx) => {
        for (const [i, { rule }] of configs.entries()) {
          const first = configs.findIndex((other) => other.rule === rule)
          const message = `${rule} is rules[${first}] already; put all its settings into one entry`
          if (first < i) ctx.addIssue({ code: 'custom', path: [i, 'rule'], message })
        }
      })
      .describe('changes to the rules’ defaults; a rule that is not listed runs with its defaults'),
    receivers: listOf(
      entrySchema('channel', channels, () => receiverSettings),
      '{ channel: webhook, name: ops }',
    )
      .superRefine((receivers, ctx) => {
        for (const [i, { name }] of receivers.entries()) {
          const message = `${name} is the name of another receiver`
          if (receivers.findIndex((r) => r.name === name) < i)
            ctx.addIssue({ code: 'custom', path: [i, 'name'], message })
        }
      })
      .describe('who receives the alerts'),
  })
}
