import { get as httpGet, type IncomingMessage } from 'node:http'
import { get as httpsGet } from 'node:https'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import type { Secret } from '../../protocol/kit/secret.ts'

export interface GetOptions {
  /** carries the deadline */
  signal: AbortSignal
  /** sent as `Authorization: Bearer` */
  bearer?: Secret | undefined
  accept?: string
  /** a longer answer is refused */
  maxBytes?: number
}

const MAX_BYTES = 8 << 20

/**
 * Gets a page as text over a connection of its own: a kept connection that the peer has just closed costs a poll.
 * A user and password in the address are sent as Basic authentication and never shown. Redirects are not followed.
 * @throws PerwattError `unreachable`, `http-status`, `too-large` or `not-text`; the signal's reason when it ends the wait
 */
export async function getText(address: string, options: GetOptions): Promise<string> {
  const { signal, bearer, accept = 'text/plain', maxBytes = MAX_BYTES } = options
  signal.throwIfAborted()
  const url = new URL(address)
  const where = `${url.protocol}//${url.host}${url.pathname}`
  const headers: Record<string, string> = { accept }
  if (bearer) headers['authorization'] = `Bearer ${bearer.reveal()}`
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const get = url.protocol === 'https:' ? httpsGet : httpGet
      get(url, { agent: false, headers, signal }, resolve).on('error', reject)
    })
    try {
      refuse(response, where)
      return asText(await body(response, where, maxBytes), where)
    } finally {
      response.destroy()
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof PerwattError ? error : unreachable(error, where)
  }
}

function refuse(response: IncomingMessage, where: string): void {
  const status = response.statusCode ?? 0
  if (status === 200) return
  const next =
    status >= 300 && status < 400
      ? `it points to ${response.headers.location ?? 'another address'}; give that address`
      : status === 401 || status === 403
        ? 'it wants a credential, or another one'
        : status === 404
          ? 'check the path'
          : 'look into its log'
  throw new PerwattError('http-status', `${where} answers ${status}; ${next}`)
}

async function body(response: IncomingMessage, where: string, maxBytes: number): Promise<Buffer> {
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

const HINTS: Record<string, string> = {
  ECONNREFUSED: 'refuses the connection; is it running, and is the port right?',
  ENOTFOUND: 'has a name that nobody knows; check the spelling and DNS',
  EAI_AGAIN: 'has a name that DNS cannot answer for; check DNS',
  EHOSTUNREACH: 'is not reachable; check power and network',
  ENETUNREACH: 'is not reachable; check the network and its routes',
  ETIMEDOUT: 'does not answer; check power, network and firewall',
  ECONNRESET: 'cuts the connection in mid-answer; look into its log',
  EPROTO: 'does not speak TLS; try http://',
}

function unreachable(error: unknown, where: string): PerwattError {
  const code = String((error as NodeJS.ErrnoException)?.code ?? '')
  const hint =
    HINTS[code] ?? (code.startsWith('HPE_') ? 'does not speak HTTP; is the port right?' : undefined)
  return new PerwattError('unreachable', hint ? `${where} ${hint}` : `${where}: ${reasonOf(error)}`, {
    cause: error,
  })
}
