import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface FramedMachine {
  host: string
  port: number
  /** every question, as `get.miner.status summary` */
  requests: string[]
  /** connections since the start, and those open now */
  connections: number
  open(): Socket[]
  /** by question; a text is framed, bytes are sent as they are. Exchange to answer otherwise. */
  answers: Readonly<Record<string, string | Buffer>>
  close(): Promise<void>
}

export interface FramedOptions {
  answers: FramedMachine['answers']
  /** splits each answer into pieces of this size */
  pieceBytes?: number
  /** the connection is closed after each answer, as some firmware does */
  oneShot?: boolean
  /** questions that are never answered */
  silent?: readonly string[]
}

export function framed(text: string): Buffer {
  const body = Buffer.from(text)
  const header = Buffer.alloc(4)
  header.writeUInt32LE(body.length)
  return Buffer.concat([header, body])
}

/** Whatsminer's port 4433: each message is its length in 4 bytes and its JSON; the connection stays open. */
export async function startFramedMachine(options: FramedOptions): Promise<FramedMachine> {
  const { pieceBytes = 1 << 20, oneShot = false, silent = [] } = options
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    machine.connections++
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
    let pending = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk])
      if (pending.length < 4 || pending.length < 4 + pending.readUInt32LE(0)) return
      const { cmd, param } = JSON.parse(pending.toString('utf8', 4)) as { cmd: string; param?: string }
      pending = Buffer.alloc(0)
      const question = param === undefined ? cmd : `${cmd} ${param}`
      machine.requests.push(question)
      if (!silent.includes(question)) void send(socket, question).catch(() => socket.destroy())
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const machine: FramedMachine = {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    requests: [],
    connections: 0,
    open: () => [...sockets],
    answers: options.answers,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return machine

  async function send(socket: Socket, question: string): Promise<void> {
    const refused = JSON.stringify({ code: -2, when: 1, msg: 'invalid command', desc: question })
    const answer = machine.answers[question] ?? refused
    const bytes = Buffer.isBuffer(answer) ? answer : framed(answer)
    for (let at = 0; at < bytes.length && !socket.destroyed; at += pieceBytes)
      await new Promise<void>((resolve) => {
        socket.write(bytes.subarray(at, at + pieceBytes), () => setImmediate(resolve))
      })
    if (oneShot) socket.end()
  }
}
