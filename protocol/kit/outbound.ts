import { lookup as systemLookup } from 'node:dns'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { z } from 'zod'
import { PerwattError, reasonOf } from './errors.ts'

/**
 * Requests to addresses that a person wrote into a configuration: they must not become a way into the site's own network
 * (server-side request forgery), neither by the address itself nor by a name that resolves to another one later.
 */

/** Refused whatever the configuration allows: link-local, "this host", multicast, and where clouds keep credentials. */
const NEVER = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '255.255.255.255/32',
  // metadata of Azure, Alibaba and Oracle, which are not link-local
  '168.63.129.16/32',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '::/128',
  'fe80::/10',
  'ff00::/8',
  // metadata of AWS, Google and Scaleway
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
  'fd00:42::42/128',
]

/** Refused unless the configuration allows the range: not public, or a public-looking wrapper of an IPv4 address. */
const PRIVATE = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '240.0.0.0/4',
  '::/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2001::/32',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fec0::/10',
]

const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6')

function blockList(cidrs: readonly string[]): BlockList {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [network = '', bits] = cidr.split('/')
    list.addSubnet(network, Number(bits), family(network))
  }
  return list
}

const never = blockList(NEVER)
const notPublic = blockList(PRIVATE)

const isCidr = (text: string): boolean => {
  const [, network = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  return isIP(network) !== 0 && Number(bits) <= (isIP(network) === 4 ? 32 : 128)
}
export const CidrSchema = z.string().refine(isCidr, 'expected a range such as 10.20.0.0/16')

/** Says why an IP address may not be connected to, or undefined where it may. */
export type AddressGuard = (address: string) => string | undefined

/** A guard that lets public addresses pass, and of the private ones those in `allowPrivate` (CIDRs). */
export function addressGuard(allowPrivate: readonly string[]): AddressGuard {
  const allowed = blockList(allowPrivate)
  return (address) => {
    const kind = family(address)
    if (never.check(address, kind))
      return `${address} is never a receiver (link-local, metadata or multicast)`
    if (notPublic.check(address, kind) && !allowed.check(address, kind))
      return `${address} is not a public address; add its range to allowPrivate if it is meant`
    return undefined
  }
}

/** The host of a URL where it is an IP address (also one in disguise, such as 0x7f.1), else undefined. */
export function literalAddress(url: string): string | undefined {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  return isIP(host) ? host : undefined
}

/**
 * A lookup for a connection that fails where any address of the name is refused. It sees the very addresses that the
 * connection uses, so a name that changes between check and use (DNS rebinding) is caught too.
 */
const guardedLookup =
  (guard: AddressGuard, lookup: LookupFunction): LookupFunction =>
  (hostname, options, callback) =>
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, [])
      const addresses = typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found
      const refused = addresses.map(({ address }) => guard(address)).find((reason) => reason !== undefined)
      const [first] = addresses
      if (refused || !first)
        return callback(
          new PerwattError('refused-address', `${hostname}: ${refused ?? 'has no address'}`),
          [],
        )
      if (options.all) return callback(null, addresses)
      return callback(null, first.address, first.family)
    })

export interface Answer {
  status: number
  headers: IncomingMessage['headers']
  text: string
}

const MAX_ANSWER_CHARS = 512

export interface Post {
  url: string
  headers: Record<string, string>
  body: string
  guard: AddressGuard
  lookup?: LookupFunction
}

/**
 * POSTs once, on a connection of its own; a redirect is an answer like any other and is not followed. The answer's text is the
 * body's beginning, at most `MAX_ANSWER_CHARS`, and empty where the status is a success: nobody needs to read it.
 * @throws one line where there was no answer: refused address, no connection, or the signal's end.
 */
export async function post(
  { url, headers, body, guard, lookup = systemLookup as LookupFunction }: Post,
  signal: AbortSignal,
): Promise<Answer> {
  // a literal address never comes to the connection's lookup
  const literal = literalAddress(url)
  const refused = literal && guard(literal)
  if (refused) throw new PerwattError('refused-address', refused)
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      agent: false,
      lookup: guardedLookup(guard, lookup),
      signal,
    })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      let text = ''
      const done = () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
        outgoing.destroy()
      }
      const { statusCode = 0 } = response
      if (statusCode >= 200 && statusCode < 300) return done()
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text = (text + chunk).slice(0, MAX_ANSWER_CHARS)
        if (text.length === MAX_ANSWER_CHARS) done()
      })
      // the status has been said: a body that is cut or never ends changes nothing
      response.on('error', done)
      response.on('close', done)
    })
    outgoing.end(body)
  })
}

export interface Exchange {
  url: string
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  /** sent as it is; its type stands in `headers` */
  body?: string
  guard: AddressGuard
  lookup?: LookupFunction
  /** a longer answer is refused */
  maxBytes: number
}

/**
 * Asks once and reads the whole answer, whatever its status, on a connection of its own; a redirect is an answer like any
 * other and is not followed. @returns the body as UTF-8 text
 * @throws PerwattError `refused-address`, `too-large` or `unreachable`, in one line with the host; the signal's reason at its end
 */
export async function exchange(asked: Exchange, signal: AbortSignal): Promise<Answer> {
  const { url, method = 'GET', headers = {}, body, guard, maxBytes } = asked
  const { host, protocol } = new URL(url)
  const literal = literalAddress(url)
  const refused = literal && guard(literal)
  if (refused) throw new PerwattError('refused-address', refused)
  signal.throwIfAborted()
  const lookup = guardedLookup(guard, asked.lookup ?? (systemLookup as LookupFunction))
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const start = protocol === 'https:' ? httpsRequest : httpRequest
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      start(url, { method, headers: { ...headers, ...length }, agent: false, lookup, signal }, resolve)
        .on('error', reject)
        .end(body)
    })
    try {
      const chunks: Buffer[] = []
      let bytes = 0
      for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length
        if (bytes > maxBytes)
          throw new PerwattError(
            'too-large',
            `${host} answers more than ${maxBytes} bytes; is the address right?`,
          )
        chunks.push(chunk)
      }
      const text = Buffer.concat(chunks).toString('utf8')
      return { status: response.statusCode ?? 0, headers: response.headers, text }
    } finally {
      response.destroy()
    }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof PerwattError) throw error
    throw new PerwattError('unreachable', `${host}: ${reasonOf(error)}; check the address and the network`, {
      cause: error,
    })
  }
}

/** `Retry-After` in ms: seconds (some send fractions) or a date, RFC 9110 10.2.3. */
export function retryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (!value) return undefined
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs
  return Number.isFinite(ms) ? Math.max(0, Math.ceil(ms)) : undefined
}
