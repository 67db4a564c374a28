import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A web server on loopback that answers as `answer` does; it can be changed while the server runs. */
export interface PageServer {
  url: string
  answer: RequestListener
  close(): Promise<void>
}

export async function servePage(answer: RequestListener): Promise<PageServer> {
  const server = createServer((req, res) => page.answer(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const page: PageServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`,
    answer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return page
}

export const text =
  (body: string): RequestListener =>
  (_, res) => {
    res.setHeader('content-type', 'text/plain; version=0.0.4').end(body)
  }
