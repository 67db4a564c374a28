import { PerwattError, reasonOf } from '../errors.ts'
import { shownUrl } from '../shown-url.ts'
import { excerpt, type HttpAnswer } from './answer.ts'

/** What each HTTP status and each system error of a connection means, and what to do next: the one table of both programs. */

/** Wait after "too many requests" where the server does not say how long. */
const THROTTLED_MS = 60_000
const LONGEST_RETRY_AFTER_MS = 24 * 3_600_000

/** The server refuses more requests for a while. */
export class ThrottledError extends PerwattError {
  /** wait at least this long before the next request */
  readonly retryAfterMs: number

  constructor(message: string, retryAfterMs: number) {
    super('throttled', message)
    this.retryAfterMs = retryAfterMs
  }
}

export interface StatusWords {
  /** the server, or the request, as the error names it */
  where: string
  /** what to do where the credential is missing or refused */
  credential?: string
  /** now, Unix ms, where the caller asks again after the wait that `Retry-After` names; absent: no ThrottledError */
  nowMs?: number
}

/**
 * The error for a status that the caller does not accept.
 * @returns ThrottledError for 429, and for 503 with `Retry-After`; else PerwattError `http-status`
 */
export function statusError(answer: HttpAnswer, { where, credential, nowMs }: StatusWords): PerwattError {
  const { status, headers } = answer
  const quoted = excerpt(answer.text)
  const what = `${where} answers ${status}${quoted && ` (${quoted})`}`
  const afterMs = nowMs === undefined ? undefined : retryAfterMs(headers['retry-after'], nowMs)
  if (nowMs !== undefined && (status === 429 || (status === 503 && afterMs !== undefined))) {
    const when = afterMs === undefined ? 'later' : `in ${Math.ceil(afterMs / 1000)} s`
    return new ThrottledError(
      `${what}, too many requests; it is asked again ${when}`,
      afterMs ?? THROTTLED_MS,
    )
  }
  return new PerwattError('http-status', `${what}${meaning(answer, credential, nowMs !== undefined)}`)
}

function meaning(
  { status, headers }: HttpAnswer,
  credential: string | undefined,
  isRepeated: boolean,
): string {
  if (status >= 300 && status < 400)
    return `, a redirect${target(headers['location'])}, which is not followed; configure the final address`
  if (status === 401 || status === 403) return `, no permission; ${credential ?? 'check the credential'}`
  if (status === 404) return '; check the path'
  if (status === 410) return ', gone for good; correct the address or remove it'
  if (status === 429) return ', too many requests; ask it less often'
  if (status < 500) return '; check the address and the settings'
  return `, a fault of the server; ${isRepeated ? 'it is asked again' : 'look into its log'}`
}

/** Only an absolute address helps; it is shown without what may hold a credential. */
const target = (location: string | undefined): string =>
  location && URL.canParse(location) ? ` to ${shownUrl(location).slice(0, 200)}` : ''

/** @throws PerwattError as `statusError` for every status but 200 */
export function refuseStatus(answer: HttpAnswer, words: StatusWords): void {
  if (answer.status !== 200) throw statusError(answer, words)
}

/**
 * `Retry-After` in ms: seconds (some servers send fractions) or a date, RFC 9110 10.2.3. At most a day: a server
 * that says more would silence a feed or a channel. Undefined where it can't be read.
 */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (!value) return undefined
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs
  return Number.isFinite(ms) ? Math.min(Math.max(0, Math.ceil(ms)), LONGEST_RETRY_AFTER_MS) : undefined
}

const UNSIGNED = 'has a certificate that no known authority signed'
const CERTIFICATES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNSIGNED,
  SELF_SIGNED_CERT_IN_CHAIN: UNSIGNED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNSIGNED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNSIGNED,
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name; use that name in the address',
  CERT_HAS_EXPIRED: 'has a certificate that has expired; renew it',
}

const SYSTEM: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses the connection; is it running, and is the port right?',
  ENOTFOUND: 'has a host name that DNS does not know; check its spelling and DNS',
  EAI_AGAIN: 'has a host name that DNS cannot resolve now; check DNS',
  EHOSTUNREACH: 'is not reachable; check power and network',
  ENETUNREACH: 'is not reachable; check the network and its routes',
  ETIMEDOUT: 'does not answer; check power, network and firewall',
  ECONNRESET: 'cuts the connection before its answer is complete; look into its log',
  EPIPE: 'cuts the connection before its answer is complete; look into its log',
  EPROTO: 'does not speak TLS; try http://',
}

/** What to do about a certificate: with a setting for it, and without one. */
const AUTHORITY = {
  settable: "; name its authority's file, or set insecureTls: true",
  fixed: '; start this program with NODE_EXTRA_CA_CERTS=<file of its authority>',
}

/**
 * The error of a connection that brought no whole answer.
 * @param tlsIsSettable whether the user has settings for the authority and for an unchecked certificate
 * @returns PerwattError `unreachable`, with the system's error as its cause
 */
export function noConnection(error: unknown, where: string, tlsIsSettable: boolean): PerwattError {
  const code = String((error as NodeJS.ErrnoException)?.code ?? '')
  return new PerwattError(
    'unreachable',
    `${where}${hint(code, tlsIsSettable) ?? `: ${reasonOf(error)}; check the address and the network`}`,
    {
      cause: error,
    },
  )
}

function hint(code: string, tlsIsSettable: boolean): string | undefined {
  const certificate = CERTIFICATES[code]
  if (certificate === UNSIGNED)
    return ` ${certificate}${tlsIsSettable ? AUTHORITY.settable : AUTHORITY.fixed}`
  if (certificate) return ` ${certificate}${tlsIsSettable ? ', or set insecureTls: true' : ''}`
  // codes of Node's HTTP parser (llhttp)
  if (code.startsWith('HPE_')) return ' does not speak HTTP; is the port right?'
  return SYSTEM[code] && ` ${SYSTEM[code]}`
}
