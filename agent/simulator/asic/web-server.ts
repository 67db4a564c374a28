import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { digestAuthorization } from '../../wire/digest.ts'
import { HungConnections } from './hung-connections.ts'
import type { AsicMachine } from './machine.ts'

/** The login of all emulated web interfaces. */
export const DEMO_USER = 'root'
export const DEMO_PASSWORD = 'demo'
const TOKEN = 'emulated'
const NONCE = '0123456789abcdef'
const MAX_BODY_BYTES = 4096

/** Login by a POST of the password, which returns a token. */
interface TokenLogin {
  path: string
  /** headers in which later requests carry the token; absent: as a bearer token */
  shown?(token: string): Record<string, string>
  /** body of the answer with the token; absent: `{ token }` */
  given?(token: string): object
}

/** HTTP digest authentication (RFC 7616). */
interface DigestLogin {
  realm: string
}

/** How one family's web interface answers. */
export interface WebPages {
  /** the page's JSON; undefined where there is no such page. @param nowS Unix time, s */
  page(machine: AsicMachine, path: string, nowS: number): unknown
  /** title of the start page, which needs no login */
  title?: string
  /** absent: no page needs a login */
  login?: TokenLogin | DigestLogin
}

/** A machine's web interface: only its API and the start page's title. */
export function createWebServer(machine: AsicMachine, pages: WebPages, nowS: () => number): Server {
  const hung = new HungConnections()
  return createServer((request, response) => {
    if (machine.api === 'hangs') hung.hold(request.socket)
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
