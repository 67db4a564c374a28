import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a page answers: a text or bytes as they are, an object as JSON, or whatever a listener does. */
export type Page = string | Buffer | object | RequestListener

export interface WebMachine {
  host: string
  port: number
  /** every request, as `GET /summary` */
  requests: string[]
  /** by path, `/api/v1/pools` or with its query; `POST /token` for what isn't a GET. Exchange to answer otherwise. */
  answers: Readonly<Record<string, Page>>
  close(): Promise<void>
}

/** A machine's web interface that repeats recorded pages; 404 for all others. */
export async function startWebMachine(answers: WebMachine['answers']): Promise<WebMachine> {
  const server = createServer((request, response) => {
    const { method = 'GET', url = '/' } = request
    machine.requests.push(`${method} ${url}`)
    const names = method === 'GET' ? [url, url.split('?')[0] ?? url] : [`${method} ${url}`]
    const page = names.map((name) => machine.answers[name]).find((answer) => answer !== undefined)
    if (page === undefined) response.writeHead(404, { 'content-type': 'text/plain' }).end('Not Found')
    else if (typeof page === 'function') (page as RequestListener)(request, response)
    else
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(typeof page === 'string' || Buffer.isBuffer(page) ? page : JSON.stringify(page))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const machine: WebMachine = {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    requests: [],
    answers,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  return machine
}
