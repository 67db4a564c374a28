import { isIP } from 'node:net'
import { z } from 'zod'
import { SecretSchema } from './secret.ts'

/** Fields that several configurations use, each with the text of its error. */

const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/

/** A host name or an address. `10.0.3`, which some resolvers accept, is refused as a typing error. */
const isHost = (text: string): boolean =>
  isIP(text) !== 0 || (HOST_NAME.test(text) && !/^[0-9.]+$/.test(text))

export const HostSchema = z
  .string()
  .refine(isHost, { error: 'expected a host name or an address', abort: true })
  .meta({ format: 'hostname' })
export const PortSchema = z.number().int().min(1).max(65535)

const DURATION = /^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)$/
const A_DURATION = 'expected a duration such as 500ms, 5s, 2m, 1h or 7d'
const MS = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const

type Unit = keyof typeof MS
type DurationText = `${number}${Unit}`

function msOf(text: string): number {
  const [, number, unit] = DURATION.exec(text) as unknown as [string, string, Unit]
  return Number(number) * MS[unit]
}

/**
 * A field with a duration such as `500ms`, `5s`, `2m`, `1h` or `7d`, as ms. Every field has bounds: a typing error such as `poll: 30d`
 * would otherwise be a program that stands still, or a timer that overflows.
 */
export const durationMs = (least: DurationText, most: DurationText) =>
  z
    .string({ error: A_DURATION })
    .regex(DURATION, { error: A_DURATION, abort: true })
    .transform(msOf)
    .refine((ms) => ms >= msOf(least) && ms <= msOf(most), `expected ${least} to ${most}`)

const BYTE_SIZE = /^(\d+(?:\.\d+)?)\s*(kB|MB|GB|KiB|MiB|GiB)$/
const A_SIZE = 'expected a size such as 512MiB or 1GiB'
const BYTES = { kB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const

/** `512MiB`, `1GiB`, `20GB`, as bytes. */
export const ByteSizeSchema = z
  .string({ error: A_SIZE })
  .regex(BYTE_SIZE, A_SIZE)
  .transform((text) => {
    const [, number, unit] = BYTE_SIZE.exec(text) as unknown as [string, string, keyof typeof BYTES]
    return Math.floor(Number(number) * BYTES[unit])
  })

export const HttpUrlSchema = z.url({ protocol: /^https?$/, error: 'expected an http:// or https:// address' })
export const MqttUrlSchema = z
  .url({
    protocol: /^(mqtts?|wss?|tcp|tls)$/,
    error: 'expected an address such as mqtt://broker.site:1883',
  })
  .refine((url) => !hasUser(url), {
    // the value is not quoted, because it holds a password
    error: 'is an address with a user or a password in it; move them to username and password beside it',
  })

function hasUser(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { username, password } = new URL(url)
  return username !== '' || password !== ''
}

/** Both stand in a CONNECT with their length in two bytes (MQTT 3.1.1, 1.5.3). */
const MQTT_BYTES = 65_535
export const MqttUsernameSchema = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= MQTT_BYTES, `expected at most ${MQTT_BYTES} bytes`)
export const MqttPasswordSchema = SecretSchema.refine(
  (password) => Buffer.byteLength(password.reveal()) <= MQTT_BYTES,
  `expected at most ${MQTT_BYTES} bytes; is it the right file?`,
)
