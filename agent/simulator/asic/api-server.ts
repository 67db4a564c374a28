import { createServer, type Socket } from 'node:net'
import { Listener } from '../listener.ts'
import { antminer } from './antminer.ts'
import { avalon } from './avalon.ts'
import { type Dialect, errorReply } from './cgminer.ts'
import type { AsicMachine } from './machine.ts'
import type { AsicFamily } from './models.ts'
import { whatsminer } from './whatsminer.ts'

const DIALECTS: Record<AsicFamily, Dialect> = { antminer, whatsminer, avalon }

const MAX_REQUEST_BYTES = 4096
/** a connection that says nothing is closed, as the firmwares do */
const IDLE_MS = 10_000
/** connections that a hung machine keeps open; a real one runs out as well */
const MAX_STUCK = 32

/** One machine's API on TCP 4028 of its own address: one command a connection, as the firmware frames it. */
export class AsicApiServer {
  readonly machine: AsicMachine
  readonly listener: Listener
  readonly #nowS: () => number
  readonly #stuck: Socket[] = []

  constructor(machine: AsicMachine, host: string, port: number, nowS: () => number) {
    this.machine = machine
    this.#nowS = nowS
    // half-open, or node would answer the end of a request for a machine that hangs
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#converse(socket))
    this.listener = new Listener(server, `simulated ${machine.id}`, host, port)
  }

  #converse(socket: Socket): void {
    if (this.machine.api === 'hangs') {
      this.#stuck.push(socket)
      socket.resume()
      if (this.#stuck.length > MAX_STUCK) this.#stuck.shift()?.destroy()
      return
    }
    let request = ''
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      request += chunk
      const answer = this.#answer(request)
      if (answer !== undefined && !socket.writableEnded) socket.end(answer)
    })
    socket.on('end', () => socket.end())
  }

  /** undefined: the request is not complete yet */
  #answer(request: string): string | undefined {
    const { machine } = this
    const dialect = DIALECTS[machine.model.family]
    const nowS = Math.floor(this.#nowS())
    const asked = parseRequest(request, machine.model.family === 'whatsminer')
    if (asked === 'incomplete' && request.length < MAX_REQUEST_BYTES) return undefined
    if (typeof asked === 'string')
      return dialect.encode(machine, errorReply(23, dialect.description(machine), nowS), 'json', '')
    const reply =
      dialect.reply(machine, asked.command, nowS) ?? errorReply(14, dialect.description(machine), nowS)
    return dialect.encode(machine, reply, asked.form, asked.command)
  }
}

type Request = { command: string; form: 'json' | 'text' }

/** `{"command":"summary"}` (Whatsminer also takes `cmd`), or the bare word, which is answered as text. */
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
