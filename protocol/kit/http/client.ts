import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { PerwattError } from '../errors.ts'
import { shownUrl } from '../shown-url.ts'
import { type AddressGuard, guardedLookup, literalAddress } from './address-guard.ts'
import type { HttpAnswer } from './answer.ts'
import { noConnection } from './refusals.ts'

export interface HttpRequest {
  /** the deadline */
  signal: AbortSignal
  method?: 'GET' | 'POST'
  headers?: Readonly<Record<string, string>>
  /** sent as it is; `headers` names its type */
  body?: string
  /** what errors call the server; the address without user, password and query where absent */
  where?: string
  /** refuses addresses; absent: every address is allowed */
  guard?: AddressGuard
  /** resolves names; the system's way where absent */
  lookup?: LookupFunction
  /** a unix socket to connect to; the host of the address then only fills the `Host` header */
  socketPath?: string
  /** PEM of the authority that signed the server's certificate, where it is not a public one */
  ca?: string
  /** true: the server's certificate is not checked. Absent: the caller has no such setting, and errors do not name it */
  insecureTls?: boolean
}

export interface WholeAnswer {
  /** a longer answer is refused */
  maxBytes: number
  /** true: an answer that is not UTF-8, or has a zero byte, is refused, whatever its content type. Else it is read with U+FFFD */
  textOnly?: boolean
}

/**
 * One request over a connection of its own, and the whole answer, whatever its status. The connection is not kept: a peer
 * that has just closed a kept one would cost a poll. Redirects are not followed.
 * @throws PerwattError `unreachable`, `refused-address`, `too-large` or `not-text`, in one line with what to do next;
 *   the signal's reason when it ends the wait
 */
export async function exchange(url: string, request: HttpRequest & WholeAnswer): Promise<HttpAnswer> {
  const { signal, where = shownUrl(url), maxBytes, textOnly = false } = request
  try {
    const response = await send(url, request)
    try {
      const bytes = await bytesOf(response, where, maxBytes)
      return { ...headOf(response), text: textOnly ? strictText(bytes, where) : bytes.toString('utf8') }
    } finally {
      response.destroy()
    }
  } catch (error) {
    throw failure(error, request, where, signal)
  }
}

/**
 * One request over a connection of its own whose answer matters by its status: a success is not read at all, and of any other
 * answer only the beginning. Redirects are not followed.
 * @param excerptChars the most that is read of the body; one that is cut short is returned as far as it came
 * @throws PerwattError `unreachable` or `refused-address`; the signal's reason when it ends the wait for the status
 */
export async function deliver(
  url: string,
  { excerptChars, ...request }: HttpRequest & { excerptChars: number },
): Promise<HttpAnswer> {
  const { signal, where = shownUrl(url) } = request
  try {
    const response = await send(url, request)
    try {
      const head = headOf(response)
      const isSuccess = head.status >= 200 && head.status < 300
      return { ...head, text: isSuccess ? '' : await excerptOf(response, excerptChars) }
    } finally {
      response.destroy()
    }
  } catch (error) {
    throw failure(error, request, where, signal)
  }
}

/** @returns the answer's head; its body has not been read */
async function send(url: string, request: HttpRequest): Promise<IncomingMessage> {
  const { signal, method = 'GET', headers = {}, body, guard, lookup, insecureTls } = request
  signal.throwIfAborted()
  // Node asks no lookup for a literal address
  const literal = guard && literalAddress(url)
  const refused = literal && guard(literal)
  if (refused) throw new PerwattError('refused-address', refused)
  const options = {
    method,
    signal,
    agent: false,
    rejectUnauthorized: !insecureTls,
    headers: { ...headers, ...lengthOf(body) },
    ...(request.socketPath !== undefined && { socketPath: request.socketPath }),
    ...(request.ca !== undefined && { ca: request.ca }),
    ...(guard ? { lookup: guardedLookup(guard, lookup) } : lookup && { lookup }),
  }
  const start = new URL(url).protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    start(url, options, resolve).on('error', reject).end(body)
  })
}

/** The length is always sent: simple servers in devices don't read a chunked request. */
const lengthOf = (body: string | undefined): Record<string, string> =>
  body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }

const headOf = (response: IncomingMessage): Omit<HttpAnswer, 'text'> => ({
  status: response.statusCode ?? 0,
  headers: Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
  ),
})

function failure(error: unknown, { insecureTls }: HttpRequest, where: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  return error instanceof PerwattError ? error : noConnection(error, where, insecureTls !== undefined)
}

async function bytesOf(response: IncomingMessage, where: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes)
      throw new PerwattError('too-large', `${where} answers more than ${maxBytes} bytes; check the address`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function excerptOf(response: IncomingMessage, maxChars: number): Promise<string> {
  let text = ''
  response.setEncoding('utf8')
  try {
    for await (const chunk of response as AsyncIterable<string>) {
      text += chunk
      if (text.length >= maxChars) break
    }
  } catch {
    // the status has arrived: a body that is cut, or ended by the signal, changes nothing
  }
  return text.slice(0, maxChars)
}

/** Text by its bytes, because devices send wrong content types. */
function strictText(bytes: Buffer, where: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (!text.includes('\0')) return text
  } catch {
    // not UTF-8: refused below, like a zero byte
  }
  throw new PerwattError('not-text', `${where} answers something that is not text; check the address`)
}
