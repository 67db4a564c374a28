import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { backoffMs } from '../../protocol/kit/retry.ts'
import { after } from '../../protocol/kit/timers.ts'

const KILL_AFTER_MS = 3_000
const RESTART_CAP_MS = 30_000

export interface ChildOptions {
  name: string
  command: string
  args: readonly string[]
  /** file to which the process's output is appended */
  logFile: string
  /** the line of its output that shows that it is ready; without it, it is ready at once */
  readyLine?: string
  readyWithinMs?: number
  say: (line: string) => void
}

/**
 * A program that runs beside this one: restarted with back-off when it ends by itself, stopped with this one. Where this one is
 * killed, the IPC channel between them closes, and the program ends by itself (`protocol/kit/service`).
 */
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

  /**
   * Resolves when it is ready.
   * @param ending aborts when this program ends
   * @throws PerwattError where it ends, is not ready in time, or `ending` aborts; it is not restarted then
   */
  start(ending: AbortSignal): Promise<void> {
    const { name, readyLine, readyWithinMs = 30_000, logFile } = this.#o
    return new Promise((resolve, reject) => {
      let ready = readyLine === undefined
      let lastLine = ''
      const fail = (why: string) => {
        this.#ending = true
        reject(new PerwattError('child', `${name} ${why}; see ${logFile}`))
      }
      const stopped = () => fail('is stopped before it is ready')
      ending.addEventListener('abort', stopped)
      const late = after(readyWithinMs, () => fail(`was not ready in ${readyWithinMs / 1000} s`))
      const begun = () => {
        clearTimeout(late)
        ending.removeEventListener('abort', stopped)
        ready = true
        resolve()
      }
      this.#spawn(
        (line) => {
          lastLine = line
          if (!ready && line === readyLine) begun()
        },
        (how) => {
          if (ready) return this.#startAgain(how)
          clearTimeout(late)
          fail(`ended (${how}): ${lastLine}`)
        },
      )
      if (ready) begun()
    })
  }

  async stop(): Promise<void> {
    this.#ending = true
    clearTimeout(this.#timer)
    const running = this.#process
    if (running && running.exitCode === null && running.signalCode === null) {
      const gone = new Promise<void>((resolve) => running.once('exit', () => resolve()))
      running.kill('SIGTERM')
      const kill = after(KILL_AFTER_MS, () => running.kill('SIGKILL'))
      await gone
      clearTimeout(kill)
    }
    this.#log.end()
  }

  #spawn(onLine: (line: string) => void, onEnd: (how: string) => void): void {
    const { command, args } = this.#o
    // its own process group: Ctrl-C at the terminal then reaches this program only, which stops the others in order
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached: true })
    this.#process = child
    const started = performance.now()
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream as Readable }).on('line', (line) => {
        this.#log.write(`${line}\n`)
        onLine(line)
      })
    child.on('error', (error) => this.#log.write(`${error.message}\n`))
    child.once('close', (code, signal) => {
      if (this.#ending) return
      if (performance.now() - started > RESTART_CAP_MS) this.#restarts = 0
      onEnd(signal ?? `status ${code}`)
    })
  }

  #startAgain(how: string): void {
    const delayMs = 1000 + backoffMs(this.#restarts++, 1000, RESTART_CAP_MS)
    this.#o.say(`${this.#o.name} ended (${how}); starting it again in ${Math.ceil(delayMs / 1000)} s`)
    this.#timer = after(delayMs, () =>
      this.#spawn(
        () => undefined,
        (again) => this.#startAgain(again),
      ),
    )
  }
}
