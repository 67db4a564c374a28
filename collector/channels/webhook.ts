import { createHmac } from 'node:crypto'
import type { LookupFunction } from 'node:net'
import { z } from 'zod'
import { reasonOf } from '../../protocol/kit/errors.ts'
import { HttpUrlSchema } from '../../protocol/kit/fields.ts'
import { addressGuard, CidrSchema, literalAddress } from '../../protocol/kit/http/address-guard.ts'
import type { HttpAnswer } from '../../protocol/kit/http/answer.ts'
import { deliver } from '../../protocol/kit/http/client.ts'
import { retryAfterMs, statusError } from '../../protocol/kit/http/refusals.ts'
import { type Secret, SecretSchema } from '../../protocol/kit/secret.ts'
import {
  type ChannelContext,
  type ChannelSession,
  type DeliveryResult,
  defineChannel,
  type OutgoingMessage,
} from '../plugin/channel.ts'

/** Standard Webhooks 1.0: receivers may refuse a larger body. */
const MAX_BODY_BYTES = 20_000
/** Wait after "too many requests" and after a failed gateway, where the answer names no time. */
const THROTTLE_MS = 30_000
const EXCERPT_CHARS = 512

const WHSEC = /^whsec_([A-Za-z0-9+/]+={0,2})$/

const keysOf = (secret: Secret): Buffer[] =>
  secret
    .reveal()
    .trim()
    .split(/\s+/)
    .map((text) => Buffer.from(WHSEC.exec(text)?.[1] ?? '', 'base64'))

const SettingsSchema = z
  .strictObject({
    url: HttpUrlSchema.describe('address, written to with POST; redirects are not followed'),
    secret: SecretSchema.superRefine((secret, ctx) => {
      if (keysOf(secret).some((key) => key.length < 24 || key.length > 64))
        ctx.addIssue(
          'expected whsec_ and 24 to 64 bytes in base64 (two of them, with a space, while keys change)',
        )
    }).describe(
      'signing secret, whsec_<base64>; during a change of keys the new and the old one, separated by a space',
    ),
    allowPrivate: z
      .array(CidrSchema)
      .default([])
      .describe(
        'private ranges that the receiver may be in, such as 10.20.0.0/16; public addresses need none',
      ),
  })
  .superRefine(({ url, allowPrivate }, ctx) => {
    const literal = literalAddress(url)
    const refused = literal && addressGuard(allowPrivate)(literal)
    if (refused) ctx.addIssue({ code: 'custom', path: ['url'], message: refused })
    if (new URL(url).username || new URL(url).password)
      ctx.addIssue({
        code: 'custom',
        path: ['url'],
        message: 'holds a user or a password; leave them out, the signature authenticates',
      })
  })

/**
 * Posts messages as Standard Webhooks 1.0 (https://www.standardwebhooks.com): signed, timestamped, never redirected.
 * @param lookup resolves names; the system's resolver where absent
 */
export function openWebhook(
  settings: z.output<typeof SettingsSchema>,
  { version, nowMs }: ChannelContext,
  lookup?: LookupFunction,
): ChannelSession {
  return {
    async send(message, signal) {
      const body = JSON.stringify({
        type: message.type,
        timestamp: new Date(message.atMs).toISOString(),
        data: message.data,
      })
      const bytes = Buffer.byteLength(body)
      if (bytes > MAX_BODY_BYTES)
        return {
          outcome: 'refused',
          reason: `the message has ${bytes} bytes, at most ${MAX_BODY_BYTES} are sent`,
        }
      const timestampS = Math.floor(nowMs() / 1000)
      const headers = {
        'content-type': 'application/json',
        'user-agent': `perwatt/${version}`,
        'webhook-id': message.id,
        'webhook-timestamp': String(timestampS),
        'webhook-signature': signatures(settings.secret, message.id, timestampS, body),
      }
      const { url, allowPrivate } = settings
      // some receivers put their key into the path
      const where = new URL(url).origin
      const request = { method: 'POST' as const, headers, body, where, ...(lookup && { lookup }) }
      try {
        const guard = addressGuard(allowPrivate)
        const answer = await deliver(url, { ...request, guard, excerptChars: EXCERPT_CHARS, signal })
        return resultOf(answer, where, nowMs())
      } catch (error) {
        return { outcome: 'retry', reason: reasonOf(error) }
      }
    },
  }
}

export default defineChannel({
  name: 'webhook',
  summary: 'posts each alert to a web address, signed (Standard Webhooks 1.0)',
  settings: SettingsSchema,
  open: (settings, context) => openWebhook(settings, context),
})

const signatures = (secret: Secret, id: OutgoingMessage['id'], timestampS: number, body: string): string =>
  keysOf(secret)
    .map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestampS}.${body}`).digest('base64')}`)
    .join(' ')

function resultOf(answer: HttpAnswer, where: string, nowMs: number): DeliveryResult {
  const { status, headers } = answer
  if (status >= 200 && status < 300) return { outcome: 'delivered', status }
  const reason = statusError(answer, { where }).message
  if (status === 410) return { outcome: 'gone', reason }
  // the receiver refuses this body, and would refuse it again
  if (status === 400 || status === 413 || status === 422) return { outcome: 'refused', reason }
  const throttled = status === 429 || status === 502 || status === 504
  const waitMs = retryAfterMs(headers['retry-after'], nowMs) ?? (throttled ? THROTTLE_MS : undefined)
  return { outcome: 'retry', reason, ...(waitMs !== undefined && { retryAfterMs: waitMs }) }
}
