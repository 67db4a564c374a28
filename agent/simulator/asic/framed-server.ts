import { createServer, type Server, type Socket } from 'node:net'
import type { AsicMachine } from './machine.ts'
import { Stuck } from './stuck.ts'

const HEADER_BYTES = 4
const MAX_REQUEST_BYTES = 4096
/** as the firmware has it */
const MAX_CLIENTS = 10
const IDLE_MS = 300_000

/** How a machine with Whatsminer's API 3 answers: `{"cmd","param"}` by a `msg`; undefined where it knows no such question. */
export type FramedAnswers = (
  machine: AsicMachine,
  cmd: string,
  param: string,
  nowS: number,
) => object | undefined

/** A machine's port 4433: messages with their length before them (4 bytes, little-endian) on connections that stay open. */
export function createFramedServer(machine: AsicMachine, answers: FramedAnswers, nowS: () => number): Server {
  const stuck = new Stuck()
  const server = createServer((socket) => {
    let pending = Buffer.alloc(0)
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    socket.on('data', (chunk) => {
      if (machine.api === 'hangs') return stuck.hold(socket)
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
