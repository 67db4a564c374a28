import { createServer as createHttp, type Server as HttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'

/** Servers behind one port: each new connection goes to the one that `pick` chooses, as behind a Service or a proxy. */
export interface Balancer {
  url: string
  /** the index of the server that gets the next connection */
  pick(): number
  /** how many connections there were */
  connections: number
  close(): Promise<void>
}

/** @param pages what each server shows when it is asked */
export async function balance(pages: readonly (() => string)[], pick?: () => number): Promise<Balancer> {
  const servers: HttpServer[] = pages.map((page) =>
    createHttp((_, res) => {
      res.setHeader('content-type', 'text/plain; version=0.0.4').end(page())
    }),
  )
  const ports = await Promise.all(servers.map(listening))
  const front = createServer((socket) => {
    const behind = connect(ports[balancer.pick()] as number, '127.0.0.1')
    balancer.connections++
    for (const end of [socket, behind])
      end.on('error', () => {
        socket.destroy()
        behind.destroy()
      })
    socket.pipe(behind).pipe(socket)
  })
  const balancer: Balancer = {
    url: `http://127.0.0.1:${await listening(front)}/metrics`,
    pick: pick ?? (() => balancer.connections % pages.length),
    connections: 0,
    close: async () => {
      for (const server of servers) server.closeAllConnections()
      await Promise.all([front, ...servers].map((s) => new Promise((resolve) => s.close(resolve))))
    },
  }
  return balancer
}

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  )
