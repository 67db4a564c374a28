import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { backoffMs } from '../../protocol/kit/retry.ts'

const KILL_AFTER_MS = 3_000
const RESTART_CAP_MS = 30_000

export interface ChildOptions {
  name: string
  command: string
  args: readonly string[]
  /** takes everything that the process prints */
  logFile: string
  /** a line on its standard output that says it is ready; absent: ready at once */
  readyLine?: string
  readyWithinMs?: number
  say: (line: string) => void
}

/** A program that runs beside this one: started again when it ends by itself, ended with this one. */
export class Child {
  readonly #o: ChildOptions
  readonly #log: WriteStream
  #process: ChildProcess | undefined
  #timer: NodeJS.Timeout | undefined
  #restarts = 0
  #ending = false

  constructor(options: ChildOptions) {
    this.#o = options
    this.#log = createWriteStream(options.logFile, { flags: 'a' })
  }

  /** Resolves when it is ready. @throws PerwattError where it ends or says nothing before */
  start(): Promise<void> {
    const { name, readyLine, readyWithinMs = 30_000, logFile } = this.#o
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new PerwattError('child', `${name} ${why}; see ${logFile}`))
      const late = setTimeout(() => fail(`was not ready in ${readyWithinMs / 1000} s`), readyWithinMs)
      const settle = (done: () => void) => {
        clearTimeout(late)
        done()
      }
      this.#spawn(
        (line) => line === readyLine && settle(resolve),
        (code) => settle(() => fail(`ended at once with status ${code}`)),
      )
      if (readyLine === undefined) settle(resolve)
    })
  }

  async stop(): Promise<void> {
    this.#ending = true
    clearTimeout(this.#timer)
    const running = this.#process
    if (running && running.exitCode === null && running.signalCode === null) {
      const gone = new Promise<void>((resolve) => running.once('exit', () => resolve()))
      running.kill('SIGTERM')
      const kill = setTimeout(() => running.kill('SIGKILL'), KILL_AFTER_MS)
      await gone
      clearTimeout(kill)
    }
    this.#log.end()
  }

  #spawn(onLine: (line: string) => void, onEarlyExit?: (code: number | null) => void): void {
    const { name, command, args, say } = this.#o
    // a group of its own, so that a Ctrl-C at the terminal comes to it through us, in order
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    this.#process = child
    const started = performance.now()
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        this.#log.write(`${line}\n`)
        onLine(line)
      })
    child.on('error', (error) => this.#log.write(`${error.message}\n`))
    child.once('exit', (code, signal) => {
      if (this.#ending) return
      onEarlyExit?.(code)
      if (performance.now() - started > RESTART_CAP_MS) this.#restarts = 0
      const delayMs = 1000 + backoffMs(this.#restarts++, 1000, RESTART_CAP_MS)
      say(
        `${name} ended (${signal ?? `status ${code}`}); starting it again in ${(delayMs / 1000).toFixed(0)} s`,
      )
      this.#timer = setTimeout(() => this.#spawn(() => undefined), delayMs)
    })
  }
}
