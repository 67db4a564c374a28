import { createServer, type Server, type Socket } from 'node:net'
import { type Dialect, errorReply } from './cgminer.ts'
import { driverOf } from './families.ts'
import { HungConnections } from './hung-connections.ts'
import type { AsicMachine } from './machine.ts'

const MAX_REQUEST_BYTES = 4096
/** a silent connection is closed after this time, as in real firmware */
const IDLE_MS = 10_000

/** A machine's cgminer API: one command for each connection, framed as the firmware does. @param nowS Unix time, s */
export function createCgminerServer(machine: AsicMachine, dialect: Dialect, nowS: () => number): Server {
  const hung = new HungConnections()
  // half-open: otherwise Node would close the connection of a machine that hangs when the client ends its request
  return createServer({ allowHalfOpen: true }, (socket) => {
    if (machine.api === 'hangs') hung.hold(socket)
    else converse(socket, (request) => answer(request, machine, dialect, Math.floor(nowS())))
  })
}

function converse(socket: Socket, answerTo: (request: string) => string | undefined): void {
  let request = ''
  socket.setTimeout(IDLE_MS, () => socket.destroy())
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    request += chunk
    const reply = answerTo(request)
    if (reply !== undefined && !socket.writableEnded) socket.end(reply)
  })
  socket.on('end', () => socket.end())
}

/** The reply to a request; undefined while the request is incomplete. */
function answer(request: string, machine: AsicMachine, dialect: Dialect, nowS: number): string | undefined {
  const asked = parseRequest(request, driverOf(machine.model.family) === 'whatsminer')
  if (asked === 'incomplete' && request.length < MAX_REQUEST_BYTES) return undefined
  if (typeof asked === 'string')
    return dialect.encode(machine, errorReply(23, dialect.description(machine), nowS), 'json', '')
  const reply =
    dialect.reply(machine, asked.command, nowS) ?? errorReply(14, dialect.description(machine), nowS)
  return dialect.encode(machine, reply, asked.form, asked.command)
}

type Request = { command: string; form: 'json' | 'text' }

/** Reads `{"command":"summary"}` (Whatsminer also takes `cmd`), or a bare word, which gets its reply as text. */
function parseRequest(request: string, takesCmd: boolean): Request | 'incomplete' | 'malformed' {
  const text = request.replace(/[\0\r\n]+$/, '').trim()
  if (!text.startsWith('{'))
    return text ? { command: text.split('|', 1)[0] ?? '', form: 'text' } : 'incomplete'
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return text.endsWith('}') ? 'malformed' : 'incomplete'
  }
  const { command, cmd } = parsed as { command?: unknown; cmd?: unknown }
  const word = command ?? (takesCmd ? cmd : undefined)
  return typeof word === 'string' ? { command: word, form: 'json' } : 'malformed'
}
