import { createServer, type Server, type Socket } from 'node:net'
import { HungConnections } from './hung-connections.ts'
import type { AsicMachine } from './machine.ts'

const HEADER_BYTES = 4
const MAX_REQUEST_BYTES = 4096
/** the firmware's limit */
const MAX_CLIENTS = 10
const IDLE_MS = 300_000

/** The `msg` with which Whatsminer's API 3 answers `{"cmd","param"}`; undefined for an unknown command. */
export type FramedAnswers = (
  machine: AsicMachine,
  cmd: string,
  param: string,
  nowS: number,
) => object | undefined

/** A machine's TCP port 4433: connections stay open, and each message follows its length (4 bytes, little-endian). */
export function createFramedServer(machine: AsicMachine, answers: FramedAnswers, nowS: () => number): Server {
  const hung = new HungConnections()
  const server = createServer((socket) => {
    let pending = Buffer.alloc(0)
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    socket.on('data', (chunk) => {
      if (machine.api === 'hangs') return hung.hold(socket)
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= HEADER_BYTES) {
        const end = HEADER_BYTES + pending.readUInt32LE(0)
        if (end > MAX_REQUEST_BYTES) return socket.destroy()
        if (pending.length < end) return
        send(socket, answer(pending.toString('utf8', HEADER_BYTES, end)))
        pending = pending.subarray(end)
      }
    })
  })
  server.maxConnections = MAX_CLIENTS
  return server

  function answer(request: string): object {
    const when = Math.floor(nowS())
    try {
      const { cmd, param } = JSON.parse(request) as { cmd?: unknown; param?: unknown }
      const desc = String(cmd)
      const msg = answers(machine, desc, String(param ?? ''), when)
      return msg ? { code: 0, when, msg, desc } : { code: -2, when, msg: 'invalid command', desc }
    } catch {
      return { code: -1, when, msg: 'invalid json', desc: '' }
    }
  }
}

function send(socket: Socket, answer: object): void {
  const body = Buffer.from(JSON.stringify(answer))
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(body.length)
  socket.write(Buffer.concat([header, body]))
}
