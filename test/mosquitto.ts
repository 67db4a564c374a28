import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A TCP port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

export interface Mosquitto {
  url: string
  port: number
  /** process id; undefined while it does not run */
  readonly pid: number | undefined
  /** by SIGKILL, as a power cut does, or by SIGTERM, as an operator does */
  kill(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** on the same port, without retained messages and sessions */
  restart(): Promise<void>
  stop(): Promise<void>
}

/**
 * Debian's Mosquitto on a loopback port of its own.
 * @param users passwords by user name, kept in a password file; absent: anybody may connect
 * @param more further lines of its configuration; `acl` stands for the lines of an access control list
 */
export async function startMosquitto(
  users?: Readonly<Record<string, string>>,
  more: { lines?: readonly string[]; acl?: readonly string[] } = {},
): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-mosquitto-'))
  const port = await freePort()
  const config = join(folder, 'mosquitto.conf')
  const passwords = join(folder, 'passwords')
  for (const [i, [user, password]] of Object.entries(users ?? {}).entries())
    execFileSync('mosquitto_passwd', ['-b', ...(i === 0 ? ['-c'] : []), passwords, user, password])
  // as root it would give up the right to read the temporary folder
  const login = users
    ? `allow_anonymous false\npassword_file ${passwords}\nuser root`
    : 'allow_anonymous true'
  const acl = join(folder, 'acl')
  writeFileSync(acl, `${(more.acl ?? []).join('\n')}\n`)
  const lines = [
    ...(more.lines ?? []),
    ...(more.acl ? [`acl_file ${acl}`, ...(users ? [] : ['user root'])] : []),
  ]
  writeFileSync(config, `listener ${port} 127.0.0.1\n${login}\npersistence false\n${lines.join('\n')}\n`)
  let child: ChildProcess
  const start = async () => {
    child = spawn('mosquitto', ['-c', config], { stdio: 'ignore' })
    await listening(port)
  }
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill(signal)
    await gone
  }
  await start()
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.exitCode === null && child.signalCode === null ? child.pid : undefined
    },
    kill: (signal = 'SIGKILL') => end(signal),
    restart: start,
    async stop() {
      await end('SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('mosquitto did not start; is it installed?')
}
