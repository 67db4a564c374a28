import { createServer } from 'node:http'
import { Listener } from './listener.ts'

/** An HTTP server whose `/metrics` is a Prometheus page, rendered for each request. */
export function createMetricsServer(who: string, host: string, port: number, render: () => string): Listener {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n')
      return
    }
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(render())
  })
  return new Listener(server, who, host, port)
}
