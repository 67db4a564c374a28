import { type ChildProcess, spawn } from 'node:child_process'
import { PerwattError } from '../../protocol/kit/errors.ts'

const MAX_BYTES = 8 << 20
/**
 * Killed child processes that have not exited, by command line: they wait in the kernel, and the next run of the same command
 * would too. Counted for the whole program, because a new session meets the same kernel.
 */
const stuck = new Map<string, number>()
const MAX_STUCK = 2

export interface ProgramOptions {
  /** how to install it, for the error where it is missing: `apt-get install ipmitool` */
  install: string
  /** patterns in its output, each with what to do: the first match goes into the error */
  hints?: readonly (readonly [RegExp, string])[]
  /** added to the agent's own environment; secrets go here, because every user can read a process's arguments */
  env?: Readonly<Record<string, string>>
  /** a longer output is refused */
  maxBytes?: number
}

/** The program ran and ended with an error. */
export class CommandFailed extends PerwattError {
  /** its whole standard error and standard output */
  readonly output: string

  constructor(message: string, output: string) {
    super('command-failed', message)
    this.output = output
  }
}

interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/**
 * A program of the system that is run for its output: without a shell, with a deadline, its output bounded. At the deadline its
 * process group is killed. A process that survives (a hung kernel driver) is left behind; after two of them the command is
 * not run again until one exits.
 */
export class Program {
  readonly #name: string
  readonly #options: ProgramOptions

  /** @param name looked up in PATH, or a path */
  constructor(name: string, options: ProgramOptions) {
    this.#name = name
    this.#options = options
  }

  /**
   * Runs it once.
   * @returns its standard output
   * @throws CommandFailed with its last line; PerwattError `not-installed`, `not-permitted`, `too-large`, `no-reply`
   */
  async run(args: readonly string[], signal: AbortSignal): Promise<string> {
    const shown = [this.#name, ...args].join(' ')
    const hanging = stuck.get(shown) ?? 0
    if (hanging >= MAX_STUCK)
      throw new PerwattError(
        'no-reply',
        `${hanging} runs of ${shown} hang in the kernel and cannot be killed; look into dmesg, and restart the machine`,
      )
    const ended = await this.#ended(args, shown, signal)
    if (ended.code === 0) return ended.stdout
    const output = `${ended.stderr}\n${ended.stdout}`
    const how = ended.code === null ? `is ended by ${ended.signal}` : `exits with ${ended.code}`
    const why = lastLine(ended.stderr) ?? lastLine(ended.stdout) ?? 'it writes nothing'
    const next = this.#hint(output) ?? 'run it by hand to see more'
    throw new CommandFailed(`${shown} ${how}: ${why}; ${next}`, output)
  }

  #hint(output: string): string | undefined {
    return this.#options.hints?.find(([pattern]) => pattern.test(output))?.[1]
  }

  #ended(args: readonly string[], shown: string, signal: AbortSignal): Promise<Ended> {
    const { env, maxBytes = MAX_BYTES } = this.#options
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const startMs = performance.now()
      const child = spawn(this.#name, args, {
        // its own process group: killing it also kills what a wrapper script has started
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, LC_ALL: 'C', ...env },
      })
      const out = { stdout: '', stderr: '' }
      let bytes = 0
      const leave = (code: string, message: string) => {
        signal.removeEventListener('abort', onAbort)
        kill(child, shown)
        reject(new PerwattError(code, message))
      }
      const onAbort = () =>
        leave(
          'no-reply',
          `${shown} gives no answer in ${Math.round(performance.now() - startMs)} ms and is killed; run it by hand, and look into dmesg`,
        )
      signal.addEventListener('abort', onAbort, { once: true })
      for (const name of ['stdout', 'stderr'] as const)
        child[name].setEncoding('utf8').on('data', (text: string) => {
          out[name] += text
          bytes += text.length
          if (bytes > maxBytes)
            leave('too-large', `${shown} writes more than ${maxBytes} bytes; check which program that is`)
        })
      child.on('error', (error: NodeJS.ErrnoException) => {
        signal.removeEventListener('abort', onAbort)
        reject(this.#notStarted(error))
      })
      child.on('close', (code, endedBy) => {
        signal.removeEventListener('abort', onAbort)
        resolve({ code, signal: endedBy, ...out })
      })
    })
  }

  #notStarted(error: NodeJS.ErrnoException): PerwattError {
    if (error.code === 'ENOENT')
      return new PerwattError(
        'not-installed',
        `${this.#name} is not installed: ${this.#options.install}, or set its path as program`,
      )
    if (error.code === 'EACCES' || error.code === 'EPERM')
      return new PerwattError(
        'not-permitted',
        `${this.#name} may not be run by the agent's user; check the permissions of the file`,
      )
    return new PerwattError(
      'command-failed',
      `${this.#name} does not start: ${error.message}; run it by hand`,
    )
  }
}

/** Kills a child and everything that it has started. */
function kill(child: ChildProcess, shown: string): void {
  if (child.pid === undefined) return
  if (child.exitCode === null && child.signalCode === null) {
    count(shown, 1)
    child.on('exit', () => count(shown, -1))
  }
  try {
    // the group, not the child: a grandchild may outlive the child and hold the output open
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // it has just ended
  }
  // an unkillable child must not keep the agent from exiting
  child.stdout?.destroy()
  child.stderr?.destroy()
  child.unref()
}

function count(shown: string, change: number): void {
  const now = (stuck.get(shown) ?? 0) + change
  if (now > 0) stuck.set(shown, now)
  else stuck.delete(shown)
}

/** Most programs, and Python's tracebacks, give the cause in the last line. */
const lastLine = (text: string): string | undefined =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .at(-1)
    ?.slice(0, 200)
