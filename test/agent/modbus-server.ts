import { createServer, type Server, type Socket } from 'node:net'
import { server as modbus } from 'jsmodbus'

/** jsmodbus' own server on loopback, with registers that a test writes and faults that it switches on. */
export interface ModbusServer {
  port: number
  holding: Buffer
  input: Buffer
  /** connections since the start, and how many stand */
  connections: number
  open(): number
  /** bytes of requests are swallowed */
  silent: boolean
  /** answers this exception to every request */
  exception: number | undefined
  /** answers for this unit only; the others are swallowed */
  unit: number | undefined
  cut(): void
  close(): Promise<void>
}

export async function serveModbus(): Promise<ModbusServer> {
  const sockets = new Set<Socket>()
  const tcp: Server = createServer()
  const registers = { holding: Buffer.alloc(2 * 0x10000), input: Buffer.alloc(2 * 0x1000) }
  const served: ModbusServer = {
    port: 0,
    ...registers,
    connections: 0,
    open: () => sockets.size,
    silent: false,
    exception: undefined,
    unit: undefined,
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
    close: () =>
      new Promise((resolve) => {
        tcp.close(() => resolve())
        served.cut()
      }),
  }
  const library = new modbus.TCP(tcp, registers)
  // before the library's own listener answers
  library.on('connection', ({ socket }: { socket: Socket }) => {
    served.connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    const answer = socket.listeners('data')[0] as (data: Buffer) => void
    socket.removeAllListeners('data')
    socket.on('data', (data: Buffer) => {
      const [unit = 0, fn = 0] = data.subarray(6, 8)
      if (served.silent || (served.unit !== undefined && unit !== served.unit)) return
      if (served.exception === undefined) return answer(data)
      socket.write(
        Buffer.concat([data.subarray(0, 4), Buffer.from([0, 3, unit, fn | 0x80, served.exception])]),
      )
    })
  })
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  served.port = (tcp.address() as { port: number }).port
  return served
}
