import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { SecretSchema } from '../../protocol/kit/secret.ts'
import { type Address, parseReply, showAddress } from './cgminer.ts'
import type { Row } from './cgminer-text.ts'
import { type Challenge, digestAuthorization, parseChallenge } from './digest.ts'
import { exchangeHttp, type HttpAnswer, refuse } from './http.ts'
import { rowsOf, textOf } from './loose-json.ts'

/** The credentials of a machine's web interface; no default password is ever tried unasked. */
export const WebAccessSchema = z.strictObject({
  username: z.string().min(1).max(64).default('root').describe('user of the web interface'),
  password: SecretSchema.describe('the text, { file: ... } or { env: ... }'),
})
export type WebAccess = z.output<typeof WebAccessSchema>

/** How a web interface wants to be asked. */
export interface WebAuth {
  /** what to send with a request; may log in first */
  headers(method: string, uri: string, signal: AbortSignal): Promise<Record<string, string>>
  /** Learns from a 401 or 403. @returns whether the request is worth another try with what was learnt */
  refused(answer: HttpAnswer): boolean
  /** what was learnt may not hold any more */
  forget(): void
}

/** Digest authentication (RFC 7616): the first refusal brings the nonce, which is used until the server wants another. */
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

/** A login gives what to send from then on, until the machine has forgotten it: a bearer token, a cookie. */
export class LoginAuth implements WebAuth {
  readonly #login: (signal: AbortSignal) => Promise<Record<string, string>>
  #headers: Record<string, string> | undefined

  /** @param login the headers that the login earns; throws `http-status` where the credentials are refused */
  constructor(login: (signal: AbortSignal) => Promise<Record<string, string>>) {
    this.#login = login
  }

  async headers(_method: string, _uri: string, signal: AbortSignal): Promise<Record<string, string>> {
    this.#headers ??= await this.#login(signal)
    return this.#headers
  }

  refused(): boolean {
    this.forget()
    return true
  }

  forget(): void {
    this.#headers = undefined
  }
}

/** The error code where a web interface wants other credentials than those configured. */
export const CREDENTIALS = 'credentials-refused'

export const isRefusal = ({ status }: HttpAnswer): boolean => status === 401 || status === 403

/** @throws PerwattError `credentials-refused` where other credentials would open the page */
export function refuseLogin(answer: HttpAnswer, url: string): void {
  if (!isRefusal(answer)) return
  const why = `${url} answers ${answer.status}; check the user and password of the web interface`
  throw new PerwattError(CREDENTIALS, why)
}

/** Where most servers want their token back. */
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

/**
 * Logs in by JSON, for a token. @param shown the header that shows the token in later requests
 * @returns that header
 * @throws PerwattError `credentials-refused`, `malformed`, or as `exchangeHttp`
 */
export async function login(
  at: Address,
  path: string,
  credentials: Record<string, string>,
  signal: AbortSignal,
  shown = bearer,
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
  if (token) return shown(token)
  throw new PerwattError(
    CREDENTIALS,
    `${url} gives no token; check the user and password of the web interface`,
  )
}

/** VNish and Braiins OS say `token`, ProtoOS `access_token`, FluxOS has it in a section. */
const tokenIn = (body: Row): string | undefined =>
  textOf(body, 'token', 'access_token') ?? textOf(rowsOf(body, 'Token')[0], 'Token')

/**
 * Logs in by a form, for a cookie, as LuCI does.
 * @returns the `Cookie` header that it earned
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
  // names and values only; node joins the headers, and a date in them has a comma, too
  const cookie = [...(answer.headers['set-cookie'] ?? '').matchAll(/(?:^|, ?)([\w-]+=[^;,\s]+)/g)]
    .map(([, pair]) => pair)
    .join('; ')
  if (cookie) return { cookie }
  throw new PerwattError(
    CREDENTIALS,
    `${url} gives no cookie; check the user and password of the web interface`,
  )
}
