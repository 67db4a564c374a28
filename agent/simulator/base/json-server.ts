import { createServer } from 'node:http'
import { Listener } from './listener.ts'

/**
 * An HTTP server that answers GET with JSON, made for each request.
 * @param resource gets the path without a slash at its end; undefined: there is none
 */
export function createJsonServer(
  who: string,
  host: string,
  port: number,
  resource: (path: string) => unknown,
): Listener {
  const server = createServer((request, response) => {
    const body = request.method === 'GET' ? resource((request.url ?? '').replace(/\/+$/, '')) : undefined
    response
      .writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(body ?? { error: { code: 'Base.1.0.ResourceMissingAtURI' } }))
  })
  return new Listener(server, who, host, port)
}
