import { createServer } from 'node:http'
import { Listener } from './listener.ts'

/**
 * An HTTP server whose `/metrics` is a Prometheus page, rendered for each request.
 * @param render gets what stands behind `/metrics/` in the address, '' for `/metrics` itself; undefined: there is no such page
 */
export function createMetricsServer(
  who: string,
  host: string,
  port: number,
  render: (page: string) => string | undefined,
): Listener {
  const server = createServer((request, response) => {
    const path = /^\/metrics(?:\/([a-z0-9.-]+))?$/.exec(request.url ?? '')
    const text = path ? render(path[1] ?? '') : undefined
    if (text === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n')
      return
    }
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text)
  })
  return new Listener(server, who, host, port)
}
