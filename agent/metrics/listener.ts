import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { MetricsAnswer } from '../../protocol/kit/metrics/answer.ts'
import type { Secret } from '../../protocol/kit/secret.ts'
import { isOwnHost } from '../../protocol/kit/this-program.ts'
import { after, type Timer } from '../../protocol/kit/timers.ts'

const PATH = '/metrics'
/** A port that is taken may become free. */
const AGAIN_MS = 30_000
/** Prometheus keeps one connection; more come from nobody that reads a page. */
const MOST_CONNECTIONS = 20
const SLOW_REQUEST_MS = 5_000

/** Why a request gets no page. */
interface Refusal {
  status: number
  text: string
  headers?: Record<string, string>
}

/** The agent's HTTP port, which has one page and only reads. Where the port is taken the agent reads its devices all the same. */
export class MetricsListener {
  readonly #at: { host: string; port: number }
  readonly #token: Secret | undefined
  readonly #page: MetricsAnswer
  readonly #log: Log
  #server: Server | undefined
  #again: Timer | undefined
  #told = false
  #stopped = false

  constructor(
    { host, port, token }: { host: string; port: number; token?: Secret | undefined },
    page: MetricsAnswer,
    log: Log,
  ) {
    this.#at = { host, port }
    this.#token = token
    this.#page = page
    this.#log = log
  }

  /** The port that it listens on; undefined while it does not. */
  get port(): number | undefined {
    const address = this.#server?.address()
    return address && typeof address === 'object' ? address.port : undefined
  }

  /** Listens, and tries on where it can't. Resolves after the first try; never rejects. */
  start(): Promise<void> {
    const server = createServer({ requestTimeout: SLOW_REQUEST_MS }, (request, response) =>
      this.#answer(request, response),
    )
    server.maxConnections = MOST_CONNECTIONS
    this.#server = server
    return new Promise((resolve) => {
      server.once('error', (error) => {
        this.#failed(error)
        resolve()
      })
      server.listen(this.#at.port, this.#at.host, () => {
        this.#told = false
        this.#log.info('metrics page listens', { url: `http://${this.#at.host}:${this.port}${PATH}` })
        resolve()
      })
    })
  }

  stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#again)
    const server = this.#server
    if (!server?.listening) return Promise.resolve()
    return new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }

  #failed(error: Error): void {
    if (!this.#told)
      this.#log.error(
        'the metrics page can’t listen; give metrics.port another number, devices are read all the same',
        {
          ...this.#at,
          reason: reasonOf(error),
        },
      )
    this.#told = true
    if (!this.#stopped) this.#again = after(AGAIN_MS, () => void this.start()).unref()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('x-content-type-options', 'nosniff')
    const refusal = this.#refusal(request)
    if (!refusal) {
      void this.#page.answer(request, response)
      return
    }
    const { status, text, headers = {} } = refusal
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers })
    response.end(`${text}\n`)
  }

  #refusal(request: IncomingMessage): Refusal | undefined {
    const { method = '', url = '' } = request
    if (method !== 'GET' && method !== 'HEAD')
      return { status: 405, text: `${method} is not allowed; use GET`, headers: { allow: 'GET, HEAD' } }
    if (!this.#admits(request))
      return {
        status: 401,
        text: 'this page needs metrics.token; send it as "Authorization: Bearer ..."',
        headers: { 'www-authenticate': 'Bearer realm="perwatt"' },
      }
    if (!this.#isNamed(request))
      return { status: 403, text: 'this page answers to localhost and to addresses of this computer only' }
    if (url.split('?', 1)[0] !== PATH) return { status: 404, text: `there is one page: ${PATH}` }
    if (!this.#page.isFull) return undefined
    const text = 'too many readers wait for this page; try again in 10 s'
    return { status: 503, text, headers: { 'retry-after': '10' } }
  }

  #admits({ headers }: IncomingMessage): boolean {
    if (!this.#token) return true
    const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
    return bearer !== undefined && same(bearer, this.#token.reveal())
  }

  /** Without a token a web page could make a browser of this computer read it under a name of its own (DNS rebinding). */
  #isNamed({ headers }: IncomingMessage): boolean {
    return this.#token !== undefined || isOwnHost(headers.host ?? '')
  }
}

/** Compared by MACs of one length: a comparison of the texts would reveal the token's length. */
function same(a: string, b: string): boolean {
  const key = randomBytes(32)
  const mac = (text: string) => createHmac('sha256', key).update(text).digest()
  return timingSafeEqual(mac(a), mac(b))
}
