import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../../protocol/kit/secret.ts'

/** Decides which requests may read. Scripts send the token as a bearer; browsers exchange it once for a cookie, because EventSource sends no headers. */
export interface Gate {
  /** true if these headers carry the token or the cookie */
  admits(headers: { authorization: string | undefined; cookie: string | undefined }): boolean
  /** the Set-Cookie value for a right token; undefined for a wrong one */
  exchange(token: string): string | undefined
}

const COOKIE = 'perwatt'
const YEAR_S = 365 * 86_400

/**
 * A gate for one token. The cookie is derived from the token: a wall display stays signed in when the collector restarts, and a
 * new token in the configuration revokes every cookie at once.
 */
export function createGate(token: Secret): Gate {
  const mac = (text: string) => createHmac('sha256', token.reveal()).update(text).digest()
  // MACs have one length: comparing the values themselves would reveal the token's length
  const same = (a: string, b: string) => timingSafeEqual(mac(a), mac(b))
  const session = mac('perwatt screens').toString('base64url')
  return {
    admits({ authorization, cookie }) {
      const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
      if (bearer !== undefined) return same(bearer, token.reveal())
      const value = new RegExp(`(?:^|; *)${COOKIE}=([^;]*)`).exec(cookie ?? '')?.[1]
      return value !== undefined && same(value, session)
    },
    exchange: (text) =>
      same(text, token.reveal())
        ? `${COOKIE}=${session}; Path=/; Max-Age=${YEAR_S}; HttpOnly; SameSite=Strict`
        : undefined,
  }
}
