import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { SecretSchema } from '../../protocol/kit/secret.ts'
import { parseReply } from './cgminer/reply.ts'
import { type Challenge, digestAuthorization, parseChallenge } from './digest.ts'
import { exchangeHttp, type HttpAnswer, refuse } from './http.ts'
import { type Row, rowsOf, textOf } from './loose-json/fields.ts'
import { type Address, showAddress } from './tcp/address.ts'

/** The credentials of a machine's web interface. No default password is ever tried without being configured. */
export const WebAccessSchema = z.strictObject({
  username: z.string().min(1).max(64).default('root').describe('user of the web interface'),
  password: SecretSchema.describe('the text, { file: ... } or { env: ... }'),
})
export type WebAccess = z.output<typeof WebAccessSchema>

/** How requests to a web interface prove who sends them. */
export interface WebAuth {
  /** the headers to add to a request; may log in first */
  headers(method: string, uri: string, signal: AbortSignal): Promise<Record<string, string>>
  /** Takes the challenge from a 401 or 403. @returns true where the request should be sent once more */
  refused(answer: HttpAnswer): boolean
  /** Drops the nonce or token: the machine may have restarted. */
  forget(): void
}

/** Digest authentication (RFC 7616). The first 401 brings the nonce, which is used until the server sends another. */
export class DigestAuth implements WebAuth {
  readonly #access: WebAccess
  #challenge: Challenge | undefined
  #cnonce = ''
  #count = 0

  constructor(access: WebAccess) {
    this.#access = access
  }

  async headers(method: string, uri: string): Promise<Record<string, string>> {
    if (!this.#challenge) return {}
    return {
      authorization: digestAuthorization({
        challenge: this.#challenge,
        username: this.#access.username,
        password: this.#access.password.reveal(),
        method,
        uri,
        count: ++this.#count,
        cnonce: this.#cnonce,
      }),
    }
  }

  refused({ headers }: HttpAnswer): boolean {
    this.#challenge = parseChallenge(headers['www-authenticate'] ?? '')
    this.#cnonce = randomBytes(16).toString('hex')
    this.#count = 0
    return this.#challenge !== undefined
  }

  forget(): void {
    this.#challenge = undefined
  }
}

/** Logs in once and sends the token or cookie with every request, until the machine refuses it. */
export class LoginAuth implements WebAuth {
  readonly #login: (signal: AbortSignal) => Promise<Record<string, string>>
  readonly #isOptional: boolean
  #headers: Record<string, string> | undefined
  /** a page was refused without it */
  #isNeeded = false

  /**
   * @param login returns the headers to send; throws `credentials-refused` where the machine does not accept the credentials
   * @param options optional: pages may be open to all, so the login is made once one is refused, and costs no other page where it fails
   */
  constructor(
    login: (signal: AbortSignal) => Promise<Record<string, string>>,
    { optional = false }: { optional?: boolean } = {},
  ) {
    this.#login = login
    this.#isOptional = optional
  }

  async headers(_method: string, _uri: string, signal: AbortSignal): Promise<Record<string, string>> {
    if (this.#isOptional && !this.#isNeeded) return {}
    this.#headers ??= await this.#login(signal)
    return this.#headers
  }

  refused(): boolean {
    this.#headers = undefined
    this.#isNeeded = true
    return true
  }

  forget(): void {
    this.#headers = undefined
    this.#isNeeded = false
  }
}

/** The error code where a web interface refuses the configured credentials. */
export const CREDENTIALS = 'credentials-refused'

export const isRefusal = ({ status }: HttpAnswer): boolean => status === 401 || status === 403

/** @throws PerwattError `credentials-refused` at status 401 and 403 */
export function refuseLogin(answer: HttpAnswer, url: string): void {
  if (!isRefusal(answer)) return
  const why = `${url} answers ${answer.status}; check the user and password of the web interface`
  throw new PerwattError(CREDENTIALS, why)
}

/** How most servers expect their token. */
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

/**
 * Logs in with JSON credentials and reads the token from the answer.
 * @param headerOf makes the header that carries the token in later requests
 * @returns that header
 * @throws PerwattError `credentials-refused`, `malformed`, or as `exchangeHttp`
 */
export async function login(
  at: Address,
  path: string,
  credentials: Record<string, string>,
  signal: AbortSignal,
  headerOf = bearer,
): Promise<Record<string, string>> {
  const url = `http://${showAddress(at)}${path}`
  const headers = { accept: 'application/json', 'content-type': 'application/json' }
  const answer = await exchangeHttp(url, {
    signal,
    method: 'POST',
    headers,
    body: JSON.stringify(credentials),
  })
  refuseLogin(answer, url)
  refuse(answer, url)
  const token = tokenIn(parseReply(answer.text, `the answer of ${url}`).body)
  if (token) return headerOf(token)
  throw new PerwattError(
    CREDENTIALS,
    `${url} gives no token; check the user and password of the web interface`,
  )
}

/** The field is `token` in VNish and Braiins OS, `access_token` in ProtoOS, and in a section `Token` in FluxOS. */
const tokenIn = (body: Row): string | undefined =>
  textOf(body, 'token', 'access_token') ?? textOf(rowsOf(body, 'Token')[0], 'Token')

/**
 * Logs in with an HTML form and reads the session cookie, as LuCI expects.
 * @returns the `Cookie` header for later requests
 * @throws PerwattError `credentials-refused`, or as `exchangeHttp`
 */
export async function loginForm(
  at: Address,
  path: string,
  form: Record<string, string>,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const url = `http://${showAddress(at)}${path}`
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams(form).toString()
  const answer = await exchangeHttp(url, { signal, method: 'POST', headers, body })
  refuseLogin(answer, url)
  // names and values only: `exchangeHttp` joins repeated headers with commas, and the dates in them contain commas too
  const cookie = [...(answer.headers['set-cookie'] ?? '').matchAll(/(?:^|, ?)([\w-]+=[^;,\s]+)/g)]
    .map(([, pair]) => pair)
    .join('; ')
  if (cookie) return { cookie }
  throw new PerwattError(
    CREDENTIALS,
    `${url} gives no cookie; check the user and password of the web interface`,
  )
}
