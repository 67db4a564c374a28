import { AuthProtocols, PrivProtocols, SecurityLevel, type User } from 'net-snmp'
import { z } from 'zod'
import { SecretSchema } from '../../../protocol/kit/secret.ts'

const AUTH = {
  md5: AuthProtocols.md5,
  sha: AuthProtocols.sha,
  sha224: AuthProtocols.sha224,
  sha256: AuthProtocols.sha256,
  sha384: AuthProtocols.sha384,
  sha512: AuthProtocols.sha512,
} as const
/** No RFC defines 256-bit AES. Cisco extends the key as in Reeder's draft (`aes256r`), others as in Blumenthal's (`aes256b`). */
const PRIVACY = {
  aes: PrivProtocols.aes,
  aes256b: PrivProtocols.aes256b,
  aes256r: PrivProtocols.aes256r,
  des: PrivProtocols.des,
} as const

/** RFC 3414, 11.2: SNMP agents refuse shorter passwords. */
const MIN_PASSWORD_LENGTH = 8
const password = SecretSchema.refine(
  (secret) => secret.reveal().length >= MIN_PASSWORD_LENGTH,
  `expected at least ${MIN_PASSWORD_LENGTH} characters, as SNMPv3 requires`,
)
const oneOf = <T extends object>(names: T) => z.enum(Object.keys(names) as [keyof T & string])

/** The settings of a device's SNMP access. */
export const SNMP_ACCESS = {
  version: z
    .union([z.literal(1), z.literal('2c'), z.literal('auto')], {
      error: 'expected 1, 2c or auto (for SNMPv3 use the setting v3)',
    })
    .default('auto')
    .describe('SNMP version where v3 is not set; auto tries 2c, then 1'),
  community: SecretSchema.prefault('public').describe(
    'the read community of SNMP 1 and 2c: the text, { file: ... } or { env: ... }',
  ),
  v3: z
    .strictObject({
      user: z.string().min(1).max(32).describe('a user with read access'),
      auth: z
        .strictObject({ protocol: oneOf(AUTH).default('sha'), password })
        .optional()
        .describe('how messages are signed; absent: unsigned'),
      privacy: z
        .strictObject({ protocol: oneOf(PRIVACY).default('aes'), password })
        .optional()
        .describe('how messages are encrypted; absent: unencrypted'),
    })
    .refine((v3) => v3.auth || !v3.privacy, {
      path: ['auth'],
      error: 'expected auth beside privacy: SNMPv3 encrypts only signed messages',
    })
    .optional()
    .describe('SNMPv3 instead of a community'),
}
export type SnmpAccess = z.output<z.ZodObject<typeof SNMP_ACCESS>>

/** An SNMPv3 user in net-snmp's form. */
export function userOf({ user, auth, privacy }: NonNullable<SnmpAccess['v3']>): User {
  const { noAuthNoPriv, authNoPriv, authPriv } = SecurityLevel
  return {
    name: user,
    level: privacy ? authPriv : auth ? authNoPriv : noAuthNoPriv,
    ...(auth && { authProtocol: AUTH[auth.protocol], authKey: auth.password.reveal() }),
    ...(privacy && { privProtocol: PRIVACY[privacy.protocol], privKey: privacy.password.reveal() }),
  }
}
