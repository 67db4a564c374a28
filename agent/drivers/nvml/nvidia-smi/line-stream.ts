import { type ChildProcess, spawn } from 'node:child_process'
import { backoffMs } from '../../../../protocol/kit/retry.ts'
import { codeText, hasWords } from '../library/return-codes.ts'

export interface StreamOptions {
  program: string
  args: readonly string[]
  /** a child that writes nothing for this long counts as hanging */
  silentMs: number
  nowMs: () => number
  /** @returns true: the line is an answer; false: it is a message about what is wrong */
  onLine: (line: string) => boolean
}

const FIRST_RESTART_MS = 1_000
const SLOWEST_RESTART_MS = 60_000
/** nvidia-smi writes no longer line */
const MAX_LINE = 1 << 16

/**
 * A long-lived child process that writes lines. Each call of `tend` starts it if necessary, and restarts it with back-off after it
 * died or fell silent. There is never a second child: if a hanging driver keeps a child in the kernel where SIGKILL can't end it,
 * no other is started until it ends.
 */
export class LineStream {
  readonly #options: StreamOptions
  #child: ChildProcess | undefined
  #killed = false
  #heardMs = 0
  #failures = 0
  #nextStartMs = 0
  #message = ''

  constructor(options: StreamOptions) {
    this.#options = options
  }

  /** Starts the child if it should run, and kills it if it hangs. */
  tend(): void {
    const now = this.#options.nowMs()
    if (!this.#child) {
      if (now >= this.#nextStartMs) this.#start()
    } else if (!this.#killed && now - this.#heardMs > this.#options.silentMs) {
      this.#message = `it wrote nothing for ${Math.round(this.#options.silentMs / 1000)} s and is killed; check dmesg for NVRM and XID`
      this.#kill(this.#child)
    }
  }

  /** Whether a child runs that may still answer. */
  get running(): boolean {
    return this.#child !== undefined && !this.#killed
  }

  /** The child's last message that was no answer, or how it ended. */
  get message(): string {
    if (this.#killed && this.#child)
      return 'it hangs in the kernel, where nothing can end it; check dmesg for NVRM and XID'
    return this.#message || 'it has not answered yet'
  }

  close(): void {
    this.#nextStartMs = Number.POSITIVE_INFINITY
    if (this.#child) this.#kill(this.#child)
  }

  #start(): void {
    const { program, args, nowMs } = this.#options
    // a process group of its own, so that a wrapper script is killed together with what it started
    const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    this.#killed = false
    this.#heardMs = nowMs()
    lines(child.stdout, (line) => this.#heard(line))
    lines(child.stderr, (line) => this.#heard(line))
    child.on('error', (error) => {
      this.#message = error.message
      if (child.pid === undefined) this.#ended(child)
    })
    child.on('exit', (code) => {
      if (code !== null && code !== 0 && hasWords(code)) this.#message = codeText(code)
      else this.#message ||= `it ended with ${code ?? 'a signal'}`
      this.#ended(child)
    })
  }

  #heard(line: string): void {
    this.#heardMs = this.#options.nowMs()
    if (!this.#options.onLine(line)) this.#message = line.trim().slice(0, 200) || this.#message
    else {
      this.#failures = 0
      this.#message = ''
    }
  }

  #ended(child: ChildProcess): void {
    if (this.#child !== child) return
    this.#child = undefined
    const { nowMs } = this.#options
    if (this.#nextStartMs !== Number.POSITIVE_INFINITY)
      this.#nextStartMs = nowMs() + backoffMs(this.#failures++, FIRST_RESTART_MS, SLOWEST_RESTART_MS)
  }

  #kill(child: ChildProcess): void {
    this.#killed = true
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // it has just ended
    }
    // it must not keep the agent from exiting
    child.stdout?.destroy()
    child.stderr?.destroy()
    child.unref()
  }
}

function lines(stream: NodeJS.ReadableStream, heard: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const parts = (rest + text).split(/\r?\n/)
    rest = parts.pop() ?? ''
    if (rest.length > MAX_LINE) rest = ''
    for (const line of parts) heard(line)
  })
  stream.on('error', () => {})
}
