import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Reply {
  status?: number
  headers?: Record<string, string>
  /** text as it is, anything else as JSON */
  body?: unknown
  /** the answer never ends */
  stalls?: boolean
}
export interface Asked {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: string
}

/** A provider of prices on loopback: answers each path with what the test put there, and keeps the requests. */
export class PriceServer {
  readonly replies = new Map<string, Reply | ((asked: Asked) => Reply)>()
  readonly asked: Asked[] = []
  readonly #server: Server
  url = ''

  constructor() {
    this.#server = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8')
      request.on('data', (chunk: string) => {
        body += chunk
      })
      request.on('end', () => {
        const asked = {
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          body,
        }
        this.asked.push(asked)
        const found = this.replies.get(asked.path)
        const reply: Reply = typeof found === 'function' ? found(asked) : (found ?? { status: 404 })
        response.writeHead(reply.status ?? 200, reply.headers ?? {})
        const { body: said = '' } = reply
        const text = typeof said === 'string' ? said : JSON.stringify(said)
        if (reply.stalls) response.write(text.slice(0, 1))
        else response.end(text)
      })
    })
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
