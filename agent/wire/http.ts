import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import type { Secret } from '../../protocol/kit/secret.ts'

export interface HttpRequest {
  /** carries the deadline */
  signal: AbortSignal
  method?: 'GET' | 'POST'
  headers?: Readonly<Record<string, string>>
  /** sent as it is; its type stands in `headers` */
  body?: string
  /** a longer answer is refused */
  maxBytes?: number
  /** a unix socket to ask through; the address's host is then only a name */
  socketPath?: string
  /** PEM of the authority that signed the server's certificate, where no public one did */
  ca?: string
  /** true: any certificate is taken */
  insecureTls?: boolean
}

export interface HttpAnswer {
  status: number
  /** names in lower case; a repeated header is one text */
  headers: Record<string, string>
  text: string
}

export interface GetOptions extends Pick<HttpRequest, 'signal' | 'maxBytes'> {
  /** sent as `Authorization: Bearer` */
  bearer?: Secret | undefined
  accept?: string
}

const MAX_BYTES = 8 << 20

/**
 * Gets a page as text over a connection of its own: a kept connection that the peer has just closed costs a poll.
 * A user and password in the address are sent as Basic authentication and never shown. Redirects are not followed.
 * @throws PerwattError `unreachable`, `http-status`, `too-large` or `not-text`; the signal's reason when it ends the wait
 */
export async function getText(address: string, options: GetOptions): Promise<string> {
  const { bearer, accept = 'text/plain', ...rest } = options
  const authorization = bearer ? { authorization: `Bearer ${bearer.reveal()}` } : {}
  const answer = await exchangeHttp(address, { ...rest, headers: { accept, ...authorization } })
  refuse(answer, address)
  return answer.text
}

/**
 * One request over a connection of its own, whatever the status of its answer.
 * @throws PerwattError `unreachable`, `too-large` or `not-text`; the signal's reason when it ends the wait
 */
export async function exchangeHttp(address: string, request: HttpRequest): Promise<HttpAnswer> {
  const { signal, method = 'GET', headers = {}, body, maxBytes = MAX_BYTES, insecureTls, ...link } = request
  signal.throwIfAborted()
  const url = new URL(address)
  const where = link.socketPath ?? shown(url)
  const options = { ...link, method, signal, agent: false, rejectUnauthorized: !insecureTls }
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const start = url.protocol === 'https:' ? httpsRequest : httpRequest
      start(url, { ...options, headers: { ...headers, ...lengthOf(body) } }, resolve)
        .on('error', reject)
        .end(body)
    })
    try {
      return {
        status: response.statusCode ?? 0,
        headers: Object.fromEntries(
          Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
        ),
        text: asText(await bytesOf(response, where, maxBytes), where),
      }
    } finally {
      response.destroy()
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof PerwattError ? error : unreachable(error, where)
  }
}

/** Simple servers in devices don't read a chunked request. */
const lengthOf = (body: string | undefined): Record<string, string> =>
  body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }

const shown = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`

/** @throws PerwattError `http-status` for all but 200, with what to do about it */
export function refuse({ status, headers }: HttpAnswer, address: string): void {
  if (status === 200) return
  const next =
    status >= 300 && status < 400
      ? `it points to ${headers['location'] ?? 'another address'}; give that address`
      : status === 401 || status === 403
        ? 'it wants a credential, or another one'
        : status === 404
          ? 'check the path'
          : 'look into its log'
  throw new PerwattError('http-status', `${shown(new URL(address))} answers ${status}; ${next}`)
}

async function bytesOf(response: IncomingMessage, where: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes)
      throw new PerwattError(
        'too-large',
        `${where} answers more than ${maxBytes} bytes; is this the right address?`,
      )
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** By its bytes: what devices write into `content-type` says little. */
function asText(bytes: Buffer, where: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (!text.includes('\0')) return text
  } catch {
    // said below
  }
  throw new PerwattError(
    'not-text',
    `${where} answers something that is not text; is this the right address?`,
  )
}

const UNSIGNED =
  'has a certificate that no known authority signed; name its authority, or set insecureTls: true'

const HINTS: Record<string, string> = {
  ECONNREFUSED: 'refuses the connection; is it running, and is the port right?',
  ENOTFOUND: 'has a name that nobody knows; check the spelling and DNS',
  EAI_AGAIN: 'has a name that DNS cannot answer for; check DNS',
  EHOSTUNREACH: 'is not reachable; check power and network',
  ENETUNREACH: 'is not reachable; check the network and its routes',
  ETIMEDOUT: 'does not answer; check power, network and firewall',
  ECONNRESET: 'cuts the connection in mid-answer; look into its log',
  EPROTO: 'does not speak TLS; try http://',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNSIGNED,
  SELF_SIGNED_CERT_IN_CHAIN: UNSIGNED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNSIGNED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNSIGNED,
  ERR_TLS_CERT_ALTNAME_INVALID:
    'has a certificate for another name; ask it by that name, or set insecureTls: true',
  CERT_HAS_EXPIRED: 'has a certificate that has expired; renew it, or set insecureTls: true',
}

function unreachable(error: unknown, where: string): PerwattError {
  const code = String((error as NodeJS.ErrnoException)?.code ?? '')
  const hint =
    HINTS[code] ?? (code.startsWith('HPE_') ? 'does not speak HTTP; is the port right?' : undefined)
  return new PerwattError('unreachable', hint ? `${where} ${hint}` : `${where}: ${reasonOf(error)}`, {
    cause: error,
  })
}
