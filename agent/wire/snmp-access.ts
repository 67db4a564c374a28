import { AuthProtocols, PrivProtocols, SecurityLevel, type User } from 'net-snmp'
import { z } from 'zod'
import { SecretSchema } from '../../protocol/kit/secret.ts'

const AUTH = {
  md5: AuthProtocols.md5,
  sha: AuthProtocols.sha,
  sha224: AuthProtocols.sha224,
  sha256: AuthProtocols.sha256,
  sha384: AuthProtocols.sha384,
  sha512: AuthProtocols.sha512,
} as const
/** 256-bit AES is in no standard: `aes256r` is Cisco's way to lengthen the key (Reeder), `aes256b` the other (Blumenthal). */
const PRIVACY = {
  aes: PrivProtocols.aes,
  aes256b: PrivProtocols.aes256b,
  aes256r: PrivProtocols.aes256r,
  des: PrivProtocols.des,
} as const

/** RFC 3414, 11.2: shorter passwords are refused by agents. */
const LEAST_PASSWORD = 8
const password = SecretSchema.refine(
  (secret) => secret.reveal().length >= LEAST_PASSWORD,
  `expected at least ${LEAST_PASSWORD} characters, as SNMPv3 asks for`,
)
const one = <T extends object>(names: T) => z.enum(Object.keys(names) as [keyof T & string])

/** How a device is spoken to. */
export const SNMP_ACCESS = {
  version: z
    .union([z.literal(1), z.literal('2c'), z.literal('auto')], {
      error: 'expected 1, 2c or auto (of SNMPv3 the setting v3 says it)',
    })
    .default('auto')
    .describe('SNMP version where there is no v3: auto takes 2c, and 1 where that has no answer'),
  community: SecretSchema.prefault('public').describe(
    'the read community of SNMP 1 and 2c: the text, { file: ... } or { env: ... }',
  ),
  v3: z
    .strictObject({
      user: z.string().min(1).max(32).describe('a user that may read'),
      auth: z
        .strictObject({ protocol: one(AUTH).default('sha'), password })
        .optional()
        .describe('how messages are signed; absent: they are not'),
      privacy: z
        .strictObject({ protocol: one(PRIVACY).default('aes'), password })
        .optional()
        .describe('how messages are encrypted; absent: they are not'),
    })
    .refine((v3) => v3.auth || !v3.privacy, {
      path: ['auth'],
      error: 'expected auth beside privacy: SNMPv3 encrypts only what it signs',
    })
    .optional()
    .describe('SNMPv3 instead of a community'),
}
export type SnmpAccess = z.output<z.ZodObject<typeof SNMP_ACCESS>>

/** An SNMPv3 user as the library takes one. */
export function userOf({ user, auth, privacy }: NonNullable<SnmpAccess['v3']>): User {
  const { noAuthNoPriv, authNoPriv, authPriv } = SecurityLevel
  return {
    name: user,
    level: privacy ? authPriv : auth ? authNoPriv : noAuthNoPriv,
    ...(auth && { authProtocol: AUTH[auth.protocol], authKey: auth.password.reveal() }),
    ...(privacy && { privProtocol: PRIVACY[privacy.protocol], privKey: privacy.password.reveal() }),
  }
}
