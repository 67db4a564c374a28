import { z } from 'zod'
import { NameSchema } from '../../protocol/device.ts'
import type { Channel } from '../plugin/channel.ts'
import type { Rule, Severity } from '../plugin/rule.ts'
import { SEVERITIES } from '../views/alert.ts'

/** A receiver as configured: which channel tells it, with that channel's own settings. */
export interface ReceiverConfig {
  name: string
  kind: string
  settings: unknown
  minSeverity: Severity
  sendResolved: boolean
}

export interface AlertsConfig {
  rules: Record<string, z.output<Rule['settings']>>
  receivers: ReceiverConfig[]
}

/**
 * The `alerts:` part of the configuration: `{ rules: { hot: { for: 1m, raise: 95 } }, receivers: [{ name, webhook: {...} }] }`.
 * Rules and channels bring their own settings, so one more of them changes nothing here.
 */
export function alertsSchema(channels: readonly Channel[], rules: readonly Rule[]) {
  const ruleSettings = Object.fromEntries(
    rules.map(({ name, about, settings }) => [name, settings.prefault({} as never).describe(about)]),
  )
  const kinds = channels.map(({ kind }) => kind)
  const channelSettings = Object.fromEntries(
    channels.map(({ kind, settings }) => [kind, settings.optional().describe(`tell it by ${kind}`)]),
  )
  const ReceiverSchema = z
    .strictObject({
      ...channelSettings,
      name: NameSchema.describe('what logs and screens call it'),
      minSeverity: z.enum(SEVERITIES).default('info').describe('alerts below this are not sent to it'),
      sendResolved: z.boolean().default(true).describe('false: it hears only of alerts that begin'),
    })
    .transform((input, ctx): ReceiverConfig => {
      const { name, minSeverity, sendResolved, ...rest } = input as {
        name: string
        minSeverity: Severity
        sendResolved: boolean
      } & Record<string, unknown>
      const [kind, ...others] = kinds.filter((k) => rest[k] !== undefined)
      if (kind && others.length === 0) return { name, kind, settings: rest[kind], minSeverity, sendResolved }
      ctx.addIssue(`expected exactly one of ${kinds.join(', ')}`)
      return z.NEVER
    })
  return z
    .strictObject({
      rules: z
        .strictObject(ruleSettings)
        .prefault({})
        .describe('when something is an alert; every rule has defaults'),
      receivers: z
        .array(ReceiverSchema)
        .default([])
        .superRefine((receivers, ctx) => {
          receivers.forEach(({ name }, i) => {
            if (receivers.findIndex((r) => r.name === name) < i)
              ctx.addIssue({
                code: 'custom',
                path: [i, 'name'],
                message: `${name} is the name of another receiver`,
              })
          })
        })
        .describe('who is told'),
    })
    .transform((config) => config as AlertsConfig)
}
