import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AsicMachine } from './machine.ts'
import { Stuck } from './stuck.ts'

/** What the emulated web interfaces take for a password. */
export const DEMO_PASSWORD = 'demo'
const TOKEN = 'emulated'
const MAX_BODY_BYTES = 4096

/** How one family's web interface answers. */
export interface WebPages {
  /** the page's JSON; undefined where there is no such page. `nowS`: Unix time */
  page(machine: AsicMachine, path: string, nowS: number): unknown
  /** where a password earns a token; absent: all pages are open */
  login?: { path: string; scheme: string }
}

/** A machine's web interface, as far as its API goes. */
export function createWebServer(machine: AsicMachine, pages: WebPages, nowS: () => number): Server {
  const stuck = new Stuck()
  return createServer((request, response) => {
    if (machine.api === 'hangs') stuck.hold(request.socket)
    else void serve(request, response).catch(() => response.destroy())
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '/', headers } = request
    const [path = ''] = url.split('?', 1)
    const { login } = pages
    if (method === 'POST' && path === login?.path) {
      const known = (await bodyOf(request)).includes(`"${DEMO_PASSWORD}"`)
      return send(response, known ? 200 : 401, known ? { token: TOKEN } : { error: 'wrong password' })
    }
    if (login && headers.authorization !== login.scheme + TOKEN)
      return send(response, 401, { error: 'not logged in' })
    const page = method === 'GET' ? pages.page(machine, path, Math.floor(nowS())) : undefined
    send(response, page === undefined ? 404 : 200, page ?? { error: 'not found' })
  }
}

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
