import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** How a miner ends its reply. `open`: not at all, the socket stays open. */
export type Framing = 'nul' | 'newline' | 'eof' | 'open'
/** How the reply travels: at once, byte by byte, or split at this byte. */
export type Delivery = 'whole' | 'bytes' | { splitAt: number }

export interface ReplayOptions {
  /** by command; objects are sent as JSON, texts and bytes as they are. `command+new_api` answers the flagged form. */
  answers: Readonly<Record<string, unknown>>
  framing?: Framing
  delivery?: Delivery
  /** the reply stops after so many bytes: by end of connection, or by silence where framing is `open` */
  cutAt?: number
  /** how long each reply, also a refusal, is waited for */
  delayMs?: number
  /** commands that are never answered */
  silent?: readonly string[]
}

export interface Replay {
  host: string
  port: number
  /** every request, as it came */
  requests: Record<string, unknown>[]
  /** exchange what is answered from now on */
  answers: Readonly<Record<string, unknown>>
  close(): Promise<void>
}

export const refusal = (command: string) => ({
  STATUS: [{ STATUS: 'E', When: 1, Code: 14, Msg: `Invalid command ${command}`, Description: 'cgminer' }],
  id: 1,
})

/** A miner's cgminer port that repeats recorded answers, one command a connection, with the manners asked for. */
export async function startReplay(options: ReplayOptions): Promise<Replay> {
  const { framing = 'nul', delivery = 'whole', cutAt, delayMs = 0, silent = [] } = options
  const sockets = new Set<Socket>()
  const replay: Replay = { host: '127.0.0.1', port: 0, requests: [], answers: options.answers, close }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.once('data', (data) => {
      const request = JSON.parse(data.toString()) as Record<string, unknown>
      replay.requests.push(request)
      const command = String(request['command'])
      if (silent.includes(command)) return
      const reply = () => send(socket, answerTo(command, request)).catch(() => socket.destroy())
      if (delayMs > 0) setTimeout(reply, delayMs)
      else void reply()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  replay.port = (server.address() as AddressInfo).port
  return replay

  function answerTo(command: string, request: Record<string, unknown>): Buffer {
    const flagged = request['new_api'] ? replay.answers[`${command}+new_api`] : undefined
    const answer = flagged ?? replay.answers[command] ?? refusal(command)
    if (Buffer.isBuffer(answer)) return answer
    return Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer))
  }

  async function send(socket: Socket, body: Buffer): Promise<void> {
    const end = framing === 'nul' ? '\0' : framing === 'newline' ? '\n' : ''
    const whole = cutAt === undefined ? Buffer.concat([body, Buffer.from(end)]) : body.subarray(0, cutAt)
    socket.setNoDelay(true)
    for (const part of split(whole)) {
      if (socket.destroyed) return
      await new Promise<void>((resolve) => {
        socket.write(part, () => setImmediate(resolve))
      })
    }
    if (framing === 'eof' || (cutAt !== undefined && framing !== 'open')) socket.end()
  }

  function split(whole: Buffer): Buffer[] {
    if (delivery === 'whole') return [whole]
    if (delivery === 'bytes') return Array.from(whole, (_, i) => whole.subarray(i, i + 1))
    return [whole.subarray(0, delivery.splitAt), whole.subarray(delivery.splitAt)]
  }

  async function close(): Promise<void> {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  }
}
