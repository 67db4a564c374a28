import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process of the site. */
export interface Part {
  readonly name: string
  /** process id; undefined while it does not run */
  readonly pid: number | undefined
  start(): Promise<void>
  /** Ends the process; resolves when it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** crashes: ends by a signal that the run did not send, or by an uncaught exception */
  readonly accidents: readonly string[]
}

export interface ProgramOptions {
  name: string
  command: string
  /** asked at each start: another version of the program may be next */
  args: () => readonly string[]
  /** asked at each start too */
  env?: () => Record<string, string>
  /** all of its output; read it when a check fails */
  logFile: string
  /** `start` resolves when the output has this text */
  readyLine?: string
}

/** wait before a restart; shorter than systemd's RestartSec */
const RESTART_AFTER_MS = 1_000
const READY_WITHIN_MS = 30_000

/** A program of perwatt under a supervisor that starts it again when it ends by itself, as systemd does. */
export class Program implements Part {
  readonly name: string
  readonly accidents: string[] = []
  /** how often it ended by itself in an orderly way (such as without its store at the start) and was started again */
  restarts = 0
  readonly #o: ProgramOptions
  readonly #log: WriteStream
  #process: ChildProcess | undefined
  #wanted = false
  #lastLines: string[] = []
  #startedMs = 0

  constructor(options: ProgramOptions) {
    this.name = options.name
    this.#o = options
    this.#log = createWriteStream(options.logFile, { flags: 'a' })
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** time since its last start, ms */
  get ranMs(): number {
    return performance.now() - this.#startedMs
  }

  async start(): Promise<void> {
    this.#wanted = true
    // a fault that took longer than it was planned for may end when another one has started the program again
    if (this.#process) return
    const { readyLine, name, logFile } = this.#o
    let said: (() => void) | undefined
    const ready = new Promise<void>((resolve) => (said = resolve))
    this.#spawn((line) => line === readyLine && said?.())
    if (readyLine === undefined) return
    const patience = new AbortController()
    const late = sleep(READY_WITHIN_MS, 'late', { signal: patience.signal })
    if ((await Promise.race([ready, late])) === 'late')
      throw new Error(`${name} was not ready in ${READY_WITHIN_MS / 1000} s; see ${logFile}`)
    patience.abort()
    late.catch(() => {})
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#wanted = false
    const running = this.#process
    if (!running) return
    const gone = once(running, 'exit')
    running.kill(signal)
    await gone
  }

  #spawn(onLine: (line: string) => void = () => {}): void {
    const { command, args, env } = this.#o
    this.#log.write(`--- ${new Date().toISOString()} started\n`)
    const child = spawn(command, args(), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env?.() },
    })
    this.#process = child
    this.#startedMs = performance.now()
    this.#lastLines = []
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        this.#log.write(`${line}\n`)
        this.#lastLines = [...this.#lastLines.slice(-19), line]
        onLine(line)
      })
    child.once('exit', (code, signal) => {
      this.#log.write(`--- ${new Date().toISOString()} ended: ${signal ?? `status ${code}`}\n`)
      this.#process = undefined
      if (!this.#wanted) return
      this.#judge(code, signal)
      setTimeout(() => {
        if (this.#wanted && !this.#process) this.#spawn()
      }, RESTART_AFTER_MS)
    })
  }

  /** Tells an orderly end (an exit status and one line with the reason) from a crash (a stack trace or a signal). */
  #judge(code: number | null, signal: NodeJS.Signals | null): void {
    const crashed = signal !== null || code === 0 || this.#lastLines.some((line) => /^\s+at /.test(line))
    if (!crashed) this.restarts++
    else
      this.accidents.push(
        `${this.name} ended by itself (${signal ?? `status ${code}`}): ${this.#lastLines.find((l) => /error/i.test(l)) ?? this.#lastLines.at(-1)}`,
      )
  }
}
