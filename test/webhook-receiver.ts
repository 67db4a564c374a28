import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** The receiver's behaviour for one request. `hang`: accepts it and never answers. */
export type Behaviour =
  | { status: number; headers?: Record<string, string>; body?: string; afterMs?: number }
  | 'hang'
  /** sends the headers at once, then a body that never ends */
  | 'drip'

export interface Received {
  path: string
  headers: IncomingHttpHeaders
  body: string
}

/** A real HTTP receiver on loopback that can be down, slow or wrong, and keeps the requests. */
export class WebhookReceiver {
  readonly requests: Received[] = []
  /** behaviours for the next requests; after them `always` */
  readonly next: Behaviour[] = []
  always: Behaviour = { status: 204 }
  readonly #sockets = new Set<Socket>()
  readonly #waiting = new Set<{ count: number; resolve: () => void }>()
  #server: Server | undefined
  #port = 0

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver()
    await receiver.up()
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`
  }

  get port(): number {
    return this.#port
  }

  /** Listens again, on the same port. */
  async up(): Promise<void> {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const behaviour = this.next.shift() ?? this.always
      this.requests.push({
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      })
      for (const waiter of this.#waiting) if (this.requests.length >= waiter.count) waiter.resolve()
      if (behaviour === 'hang') return
      if (behaviour === 'drip') {
        response.writeHead(500)
        const timer = setInterval(() => response.write('.'), 5)
        response.on('close', () => clearInterval(timer))
        return
      }
      const { status, headers = {}, body = '', afterMs = 0 } = behaviour
      setTimeout(() => response.writeHead(status, headers).end(body), afterMs)
    })
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => {})
    })
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Refuses connections until `up`. */
  async down(): Promise<void> {
    const server = this.#server
    if (!server) return
    this.#server = undefined
    const closed = once(server, 'close')
    server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Resolves when so many requests have come since the start. */
  async received(count: number): Promise<void> {
    if (this.requests.length >= count) return
    await new Promise<void>((resolve) => {
      const waiter = { count, resolve: () => this.#waiting.delete(waiter) && resolve() }
      this.#waiting.add(waiter)
    })
  }
}
