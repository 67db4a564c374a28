import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { digestAuthorization } from '../../wire/digest.ts'
import type { AsicMachine } from './machine.ts'
import { Stuck } from './stuck.ts'

/** Who the emulated web interfaces let in. */
export const DEMO_USER = 'root'
export const DEMO_PASSWORD = 'demo'
const TOKEN = 'emulated'
const NONCE = '0123456789abcdef'
const MAX_BODY_BYTES = 4096

/** A password, posted, earns a token. */
interface TokenLogin {
  path: string
  /** the headers in which the token comes back; absent: as a bearer token */
  shown?(token: string): Record<string, string>
  /** the answer that gives it; absent: `{ token }` */
  given?(token: string): object
}

/** Every request proves that it knows the password (RFC 7616). */
interface DigestLogin {
  realm: string
}

/** How one family's web interface answers. */
export interface WebPages {
  /** the page's JSON; undefined where there is no such page. `nowS`: Unix time */
  page(machine: AsicMachine, path: string, nowS: number): unknown
  /** title of the first page, which is for people, and open */
  title?: string
  /** absent: all pages are open */
  login?: TokenLogin | DigestLogin
}

/** A machine's web interface, as far as its API goes. */
export function createWebServer(machine: AsicMachine, pages: WebPages, nowS: () => number): Server {
  const stuck = new Stuck()
  return createServer((request, response) => {
    if (machine.api === 'hangs') stuck.hold(request.socket)
    else void serve(request, response).catch(() => response.destroy())
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '/' } = request
    const [path = ''] = url.split('?', 1)
    const { login } = pages
    if (login && 'path' in login && method === 'POST' && path === login.path) {
      const known = (await bodyOf(request)).includes(`"${DEMO_PASSWORD}"`)
      const given = login.given?.(TOKEN) ?? { token: TOKEN }
      return send(response, known ? 200 : 401, known ? given : { error: 'wrong password' })
    }
    if (pages.title !== undefined && path === '/')
      return void response.setHeader('content-type', 'text/html').end(`<title>${pages.title}</title>`)
    if (login && !mayEnter(request, login)) {
      if ('realm' in login) response.setHeader('www-authenticate', challengeOf(login))
      return send(response, 401, { error: 'not logged in' })
    }
    const page = method === 'GET' ? pages.page(machine, path, Math.floor(nowS())) : undefined
    send(response, page === undefined ? 404 : 200, page ?? { error: 'not found' })
  }
}

function mayEnter({ method = 'GET', url = '/', headers }: IncomingMessage, login: TokenLogin | DigestLogin) {
  if ('path' in login) {
    const shown = login.shown?.(TOKEN) ?? { authorization: `Bearer ${TOKEN}` }
    return Object.entries(shown).every(([name, value]) => headers[name] === value)
  }
  const { authorization = '' } = headers
  const [, count = '', cnonce = ''] = /nc=([0-9a-f]{8}), cnonce="([^"]*)"/.exec(authorization) ?? []
  return (
    authorization ===
    digestAuthorization({
      challenge: { realm: login.realm, nonce: NONCE, algorithm: 'MD5', qop: 'auth' },
      username: DEMO_USER,
      password: DEMO_PASSWORD,
      method,
      uri: url,
      count: Number.parseInt(count, 16),
      cnonce,
    })
  )
}

const challengeOf = ({ realm }: DigestLogin): string =>
  `Digest realm="${realm}", nonce="${NONCE}", qop="auth", algorithm=MD5`

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request as AsyncIterable<Buffer>) {
    body += chunk.toString()
    if (body.length > MAX_BODY_BYTES) throw new Error('too long')
  }
  return body
}
