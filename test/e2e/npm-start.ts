import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { eventually } from '../eventually.ts'

/** A process, from /proc. */
export interface Process {
  pid: number
  parent: number
  group: number
  session: number
  command: string
}

export interface Terminal {
  output(): string
  /** types at the terminal: `\u0003` is Ctrl-C */
  type(keys: string): void
  /** ends the terminal's program, as a closed window does */
  close(): void
  /** kills what is left of this demo, and closes the terminal */
  clear(): void
  /** the processes of the demo by their part: npm, collector, simulate, mining, gpu, this-machine */
  parts(): Map<string, Process>
  /** what of this demo still runs, by command line, by process group and session, and by the parents of what was seen */
  leftovers(): Process[]
  /** status with which the command in the terminal ended; undefined while it runs */
  status(): number | undefined
}

export interface Places {
  folder: string
  port: number
  brokerPort: number
  base: string
}

/** Runs `npm start` in a pseudo-terminal of its own (script, of util-linux). Resolves when it has printed `until`. */
export async function npmStart(
  places: Places,
  { shellStays = false, until = 'Ctrl-C stops everything' } = {},
): Promise<Terminal> {
  const { folder, port, brokerPort, base } = places
  const words = `npm start -- --data ${folder} --port ${port} --broker-port ${brokerPort} --base ${base}`
  // an interactive shell goes on when npm is killed; where it ends, the kernel hangs the terminal up
  const command = shellStays ? `${words}; sleep 300` : words
  const script = spawn('script', ['-qfec', command, '/dev/null'], {
    cwd: resolve(import.meta.dirname, '../..'),
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let text = ''
  let status: number | undefined
  script.stdout.on('data', (chunk) => (text += chunk))
  script.stderr.on('data', (chunk) => (text += chunk))
  script.stdin.on('error', () => {})
  script.once('close', (code) => (status = code ?? -1))
  await eventually(
    () => {
      if (status !== undefined) throw new Error(`npm start ended with status ${status}:\n${text}`)
      return text
    },
    (all) => all.includes(until),
    120_000,
  )
  const seen = family(script.pid as number)
  const close = () => void script.kill('SIGKILL')
  const leftovers = () => {
    const groups = new Set([...seen.values()].flatMap((p) => [p.group, p.session]))
    return processes().filter(
      (p) => seen.get(p.pid)?.command === p.command || groups.has(p.group) || p.command.includes(folder),
    )
  }
  return {
    output: () => text,
    type: (keys) => void script.stdin.write(keys),
    close,
    clear() {
      for (const { pid } of leftovers()) killIfThere(pid)
      close()
    },
    parts: () => partsOf(folder),
    leftovers,
    status: () => status,
  }
}

/** A process may end between the look at /proc and its signal, which the kernel then refuses with ESRCH. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** Whether nothing listens on the demo's addresses, so that the next one gets the same. */
export async function areFree({ port, brokerPort, base }: Places): Promise<boolean> {
  const free = await Promise.all([
    isFree(port, '127.0.0.1'),
    isFree(brokerPort, '127.0.0.1'),
    isFree(4028, base),
  ])
  return free.every(Boolean)
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', () => done(false))
    server.listen(port, host, () => server.close(() => done(true)))
  })
}

function processes(): Process[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      // proc(5): state, parent, group and session follow the name, which stands in brackets
      const [state, ...numbers] = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      const [parent = 0, group = 0, session = 0] = numbers.map(Number)
      return state === 'Z' ? [] : [{ pid: Number(name), parent, group, session, command }]
    } catch {
      // it has ended meanwhile
      return []
    }
  })
}

/** A process and everything that it started, without this process itself. */
function family(root: number): Map<number, Process> {
  const all = processes()
  const found = new Map<number, Process>()
  const add = (parent: number) => {
    for (const p of all) {
      if (p.parent !== parent) continue
      found.set(p.pid, p)
      add(p.pid)
    }
  }
  add(root)
  return found
}

function partsOf(folder: string): Map<string, Process> {
  const all = processes()
  const parts = new Map<string, Process>()
  for (const p of all) {
    if (!p.command.includes(folder)) continue
    if (/perwatt-collector\.js demo/.test(p.command)) {
      parts.set('collector', p)
      const npm = all.find(({ pid }) => pid === p.parent)
      if (npm && /^npm/.test(npm.command)) parts.set('npm', npm)
    }
    if (/perwatt-agent\.js simulate/.test(p.command)) parts.set('simulate', p)
    const [, agent] = /perwatt-agent\.js run .*\/([a-z-]+)\.yaml$/.exec(p.command) ?? []
    if (agent) parts.set(agent, p)
  }
  return parts
}
