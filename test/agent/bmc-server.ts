import { once } from 'node:events'
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** What a service shows, by path; a text is sent as it is. */
export type Resources = Record<string, unknown>

export interface Bmc {
  url: string
  /** exchange to answer otherwise */
  resources: Resources
  /** every request, as `GET /redfish/v1/` */
  asked: string[]
  /** the header of the last request */
  authorization: string | undefined
  /** instead of all else, until it is set to undefined */
  answer: RequestListener | undefined
}

/** A Redfish service of these resources, by their paths; it is closed after the test. */
export async function startBmc(resources: Resources, tls?: { key: string; cert: string }): Promise<Bmc> {
  const listener: RequestListener = (request, response) => {
    bmc.asked.push(`${request.method} ${request.url}`)
    bmc.authorization = request.headers.authorization
    if (bmc.answer) return bmc.answer(request, response)
    const resource = bmc.resources[request.url ?? '']
    response
      .writeHead(resource === undefined ? 404 : 200, { 'content-type': 'application/json' })
      .end(typeof resource === 'string' ? resource : JSON.stringify(resource ?? { error: {} }))
  }
  const server = tls ? createHttps(tls, listener) : createHttp(listener)
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  const bmc: Bmc = { url, resources, asked: [], authorization: undefined, answer: undefined }
  return bmc
}
