import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../eventually.ts'

const PROGRAM = join(import.meta.dirname, '../../dist/perwatt-collector.js')

export interface Demo {
  url: string
  brokerPort: number
  output(): string
  /** process ids of its agents and emulated site, by name, from /proc */
  children(): Map<string, number>
  /** Sends Ctrl-C. @returns the exit status */
  interrupt(): Promise<{ status: number | null }>
}

/** Command lines of running processes that name `folder`, by process id. */
export function processesOf(folder: string): Map<number, string[]> {
  const found = new Map<number, string[]>()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      if (words.some((w) => w.includes(folder))) found.set(Number(pid), words)
    } catch {
      // the process has ended meanwhile
    }
  }
  return found
}

/** Starts `demo` of the built program on its own addresses. Resolves when it prints the address of the screens. */
export async function startDemo(options: {
  folder: string
  port: number
  brokerPort: number
  base: string
}): Promise<Demo> {
  if (!existsSync(PROGRAM)) throw new Error('dist/ is not built; run npm run build')
  const { folder, port, brokerPort, base } = options
  const args = [
    'demo',
    '--data',
    folder,
    '--port',
    String(port),
    '--broker-port',
    String(brokerPort),
    '--base',
    base,
  ]
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  child.stdout?.on('data', (chunk) => (text += chunk))
  child.stderr?.on('data', (chunk) => (text += chunk))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const [, url] = await eventually(
    () => {
      if (child.exitCode !== null) throw new Error(`the demo ended with status ${child.exitCode}:\n${text}`)
      return /Live screen: +(http:\S+)\/wall/.exec(text) ?? []
    },
    (match) => match.length > 0,
    60_000,
  )
  return {
    url: url as string,
    brokerPort: Number(/embedded broker \(127\.0\.0\.1:(\d+)\)/.exec(text)?.[1]),
    output: () => text,
    children() {
      const names = new Map<string, number>()
      for (const [pid, words] of processesOf(folder)) {
        if (words.includes('simulate')) names.set('simulate', pid)
        const config = /([a-z-]+)\.yaml$/.exec(words.find((w) => w.endsWith('.yaml')) ?? '')?.[1]
        if (config) names.set(config, pid)
      }
      return names
    },
    async interrupt() {
      child.kill('SIGINT')
      return { status: await exited }
    },
  }
}
