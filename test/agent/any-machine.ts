import { once } from 'node:events'
import { createServer as createWebServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Driver, Session } from '../../agent/plugin/driver.ts'
import type { Reading } from '../../agent/plugin/reading.ts'
import { soon } from './asic-harness.ts'
import { framed } from './framed-machine.ts'
import { refusal } from './replay-server.ts'

/** A machine that speaks every wire on its one port, and keeps everything that it was asked. */
export interface AnyMachine {
  host: string
  port: number
  /** `summary`, `GET /api/v1/info`, `get.miner.status pools`: in the words of a driver's `asks` */
  asked: string[]
  /** the bodies of what was posted, by path */
  posted: { path: string; body: string }[]
  /** by command, or by path with `_` for `/`: `api_v1_info`; of a POST as of a GET. Exchange to answer otherwise. */
  answers: Readonly<Record<string, string>>
  /** what is never answered, by the same names */
  silent: Set<string>
  close(): Promise<void>
}

export async function startAnyMachine(answers: AnyMachine['answers']): Promise<AnyMachine> {
  const sockets = new Set<Socket>()
  const machine: AnyMachine = {
    host: '127.0.0.1',
    port: 0,
    asked: [],
    posted: [],
    answers,
    silent: new Set(),
    close,
  }
  const web = createWebServer(
    (request, response) => void page(request, response).catch(() => response.destroy()),
  )
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
    socket.once('data', (data) => {
      const first = data.toString('latin1')
      if (first.startsWith('{')) return command(socket, first)
      if (!/^[A-Z]+ \//.test(first)) return frames(socket, data)
      socket.pause()
      web.emit('connection', socket)
      socket.unshift(data)
      socket.resume()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  machine.port = (server.address() as AddressInfo).port
  return machine

  function command(socket: Socket, text: string): void {
    const name = String((JSON.parse(text) as { command: unknown }).command)
    machine.asked.push(name)
    if (machine.silent.has(name)) return
    socket.end(`${machine.answers[name] ?? JSON.stringify(refusal(name))}\0`)
  }

  async function page(request: IncomingMessage, response: ServerResponse) {
    const { method = '', url = '' } = request
    const body: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) body.push(chunk)
    machine.asked.push(`${method} ${url}`)
    if (method !== 'GET') machine.posted.push({ path: url, body: Buffer.concat(body).toString() })
    const [path = ''] = url.slice(1).split('?', 1)
    const key = path.replaceAll('/', '_')
    if (machine.silent.has(key)) return
    const answer = machine.answers[key]
    response.writeHead(answer === undefined ? 404 : 200, { 'set-cookie': 'session=1' }).end(answer)
  }

  function frames(socket: Socket, first: Buffer): void {
    let pending = Buffer.alloc(0)
    const take = (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32LE(0)) {
        const length = 4 + pending.readUInt32LE(0)
        const { cmd, param } = JSON.parse(pending.toString('utf8', 4, length)) as Record<string, string>
        pending = pending.subarray(length)
        const name = param === undefined ? String(cmd) : `${cmd} ${param}`
        machine.asked.push(name)
        if (machine.silent.has(name)) continue
        socket.write(framed(machine.answers[name] ?? '{"code":-2,"msg":"invalid command"}'))
      }
    }
    socket.on('data', take)
    take(first)
  }

  async function close(): Promise<void> {
    for (const socket of sockets) socket.destroy()
    web.close()
    server.close()
    await once(server, 'close')
  }
}

/** A session with it, through every door that the driver's settings name. */
export function sessionWith(
  driver: Driver,
  { host, port }: AnyMachine,
  login: boolean,
  remembered?: unknown,
): Session {
  const names = Object.keys(driver.settings.shape)
  const settings = Object.fromEntries(names.filter((name) => /port$/i.test(name)).map((name) => [name, port]))
  if (login && names.includes('web')) settings['web'] = { username: 'root', password: 'secret' } as never
  const options = driver.settings.parse(settings)
  return driver.open({ id: 'm1', host, options, ...(remembered !== undefined && { remembered }) })
}

export interface ReadOptions {
  /** whether credentials are configured */
  login?: boolean
  /** what it answers at a second poll, whose reading is returned */
  later?: Readonly<Record<string, string>>
  /** whether the agent restarts before that */
  agentRestarts?: boolean
}

/** One reading of a machine that answers so, and the requests that it got. */
export async function readFrom(
  driver: Driver,
  answers: Readonly<Record<string, string>>,
  { login = true, later, agentRestarts = false }: ReadOptions = {},
): Promise<{ reading: Reading; asked: string[] }> {
  const machine = await startAnyMachine(answers)
  let session = sessionWith(driver, machine, login)
  try {
    let readings = await session.read(soon())
    if (later) {
      machine.answers = later
      if (agentRestarts) {
        const kept = JSON.stringify(session.remembers?.() ?? null)
        session.close?.()
        session = sessionWith(driver, machine, login, JSON.parse(kept) ?? undefined)
      }
      readings = await session.read(soon())
    }
    const [reading] = readings
    if (!reading) throw new Error('the driver gave no reading')
    return { reading, asked: machine.asked }
  } finally {
    session.close?.()
    await machine.close()
  }
}

/** The answers without those of these names. */
export const without = (answers: Readonly<Record<string, string>>, names: RegExp): Record<string, string> =>
  Object.fromEntries(Object.entries(answers).filter(([name]) => !names.test(name)))
