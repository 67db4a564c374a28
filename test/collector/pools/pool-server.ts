import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { z } from 'zod'
import type { Pool, PoolReport } from '../../../collector/plugin/pool.ts'
import { createAsk } from '../../../collector/pool-watch/pool-client.ts'
import { addressGuard } from '../../../protocol/kit/http/address-guard.ts'

export interface Asked {
  method: string
  path: string
  query: Record<string, string>
  /** the query as it was sent */
  search: string
  headers: IncomingHttpHeaders
  body: string
}

/** JSON, or whatever a function does with the response. */
export type Answer = object | ((response: ServerResponse, asked: Asked) => void)

/** `type` of a form, or of JSON. */
const typeIn = (body: string): string | null => {
  if (!body.startsWith('{')) return new URLSearchParams(body).get('type')
  return String((JSON.parse(body) as { type?: unknown }).type)
}

/** A pool's API on loopback: answers by path (and type of a form or of JSON), 404 for the rest, and keeps the requests. */
export class PoolServer {
  readonly asked: Asked[] = []
  answers: Record<string, Answer>
  readonly #server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url ?? '', 'http://pool.example')
    const asked: Asked = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      search: url.search,
      headers: request.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    }
    this.asked.push(asked)
    const type = typeIn(asked.body)
    const answer = this.answers[url.pathname] ?? this.answers[`${url.pathname}?type=${type}`]
    if (typeof answer === 'function') answer(response, asked)
    else if (answer) response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
    else response.writeHead(404).end()
  })

  constructor(answers: Record<string, Answer> = {}) {
    this.answers = answers
    this.#server.on('connection', (socket) => socket.on('error', () => {}))
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }
}

/** Answers a status with a text. */
export const status =
  (code: number, text = '', headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end(text)

/** Noon of a day in May: the 19th is the newest complete day. */
export const NOON = Date.UTC(2026, 4, 20, 12)
export const day = (d: number): number => Date.UTC(2026, 4, d)

/** What a pool's file asks with, of a server on loopback, without the pauses between two requests. */
export const askOf = (pool: Pool, url: string, nowMs = () => NOON) =>
  createAsk({
    pool: { ...pool, spacingMs: 0 },
    url,
    guard: addressGuard(['127.0.0.0/8']),
    nowMs,
    pause: async () => true,
  })

/** One read of a pool. */
export const readOnce = <S extends z.ZodObject>(
  pool: Pool<S>,
  settings: z.input<S>,
  server: PoolServer,
): Promise<PoolReport> =>
  pool
    .open(pool.settings.parse(settings), {
      ask: askOf(pool as unknown as Pool, server.url),
      nowMs: () => NOON,
    })
    .read(AbortSignal.timeout(120_000))
