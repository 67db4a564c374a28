import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import { escaped } from '../../systemd/packaging/ascii.ts'
import { COMMONJS_SCOPE } from '../../systemd/packaging/commonjs-scope.ts'
import { copyNative, KOFFI, nativePart } from '../../systemd/packaging/native.ts'

const SOURCES = {
  agent: 'agent/main.ts',
  machines: 'test/bench/emulated-machines.ts',
  silent: 'test/bench/silent-addresses.ts',
  bare: 'test/bench/bare-reader.ts',
  'smi-spawner': 'test/bench/smi-spawner.ts',
} as const
export type ProgramName = keyof typeof SOURCES

/** Clock ticks a second in /proc, on every Linux that Node runs on. */
const TICKS_PER_S = 100

/** A process of a benchmark, pinned to one core where this computer can do that. */
export interface Program {
  readonly pid: number
  /** what it printed, newest last */
  readonly lines: string[]
  /** user and system time so far, s */
  cpuS(): number
  rssBytes(): number
  peakRssBytes(): number
  signal(name: NodeJS.Signals): void
  /** its exit status */
  ended: Promise<number | null>
  stop(): Promise<void>
}

/** The programs of this working tree, each as one file as the package ships them. */
export async function bundlePrograms(): Promise<{ folder: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-bench-'))
  await build({
    entryPoints: Object.fromEntries(Object.entries(SOURCES).map(([name, file]) => [name, resolve(file)])),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    banner: { js: COMMONJS_SCOPE },
    define: { __PERWATT_VERSION__: '"bench"', 'process.env.NODE_ENV': '"production"' },
    plugins: [nativePart(KOFFI)],
    legalComments: 'none',
    minifyWhitespace: true,
    lineLimit: 160,
    logLevel: 'error',
  })
  for (const name of Object.keys(SOURCES)) {
    const file = join(folder, `${name}.mjs`)
    writeFileSync(file, escaped(readFileSync(file, 'utf8')))
  }
  await copyNative(KOFFI, join(folder, 'native'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

const taskset = ['/usr/bin/taskset', '/bin/taskset'].find((path) => existsSync(path))
export const canPin = taskset !== undefined

/** @param core it runs on this one alone @param ready resolves when it prints this line; absent: at once */
export async function startProgram(
  folder: string,
  name: ProgramName,
  options: { args: readonly string[]; core: number; ready?: string; nodeArgs?: readonly string[] },
): Promise<Program> {
  const { args, core, ready, nodeArgs = [] } = options
  const command = [process.execPath, ...nodeArgs, join(folder, `${name}.mjs`), ...args]
  const [file = '', ...rest] = taskset ? [taskset, '-c', String(core), ...command] : command
  const child: ChildProcess = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  const pid = child.pid ?? 0
  const lines: string[] = []
  const ended = once(child, 'exit').then(([status]) => status as number | null)
  const isReady = new Promise<void>((done) => {
    if (ready === undefined) done()
    if (child.stdout)
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (lines.push(line) > 5_000) lines.shift()
        if (line === ready) done()
      })
  })
  const failed = ended.then((status) => {
    throw new Error(`${name} ended with ${status} before it was ready: ${lines.at(-1) ?? ''}`)
  })
  await Promise.race([isReady, failed])
  failed.catch(() => undefined)
  const status = (field: string) =>
    1024 *
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  return {
    pid,
    lines,
    ended,
    cpuS() {
      // the name of the process, in brackets, may hold spaces
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
    },
    rssBytes: () => status('VmRSS'),
    peakRssBytes: () => status('VmHWM'),
    signal: (signal) => child.kill(signal),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await ended
    },
  }
}

/** The value that this part of the sorted values doesn't exceed. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN
}
