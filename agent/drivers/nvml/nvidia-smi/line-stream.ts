import { type ChildProcess, spawn } from 'node:child_process'
import { backoffMs } from '../../../../protocol/kit/retry.ts'
import { codeText, hasWords } from '../library/return-codes.ts'

export interface StreamOptions {
  program: string
  args: readonly string[]
  /** a child that writes nothing for so long hangs */
  silentMs: number
  nowMs: () => number
  /** @returns whether the line is an answer; others are the program's words about what is wrong */
  onLine: (line: string) => boolean
}

const FIRST_RESTART_MS = 1_000
const SLOWEST_RESTART_MS = 60_000
/** a line that is longer is no line of nvidia-smi */
const MAX_LINE = 1 << 16

/**
 * A long-lived child that writes line after line. Whoever wants its lines tends it: it is started, and started again with
 * back-off when it died or fell silent. There is never a second one: a child that not even SIGKILL ends (it waits for the
 * driver in the kernel) is waited for.
 */
export class LineStream {
  readonly #options: StreamOptions
  #child: ChildProcess | undefined
  #killed = false
  #heardMs = 0
  #failures = 0
  #nextStartMs = 0
  #words = ''

  constructor(options: StreamOptions) {
    this.#options = options
  }

  /** Starts what should run, ends what hangs. */
  tend(): void {
    const now = this.#options.nowMs()
    if (!this.#child) {
      if (now >= this.#nextStartMs) this.#start()
    } else if (!this.#killed && now - this.#heardMs > this.#options.silentMs) {
      this.#words = `it wrote nothing for ${Math.round(this.#options.silentMs / 1000)} s and is killed; look into dmesg (NVRM, XID)`
      this.#kill(this.#child)
    }
  }

  /** Whether a child is there that may answer still. */
  get running(): boolean {
    return this.#child !== undefined && !this.#killed
  }

  /** What it said last that was no answer, or how it ended. */
  get words(): string {
    if (this.#killed && this.#child)
      return 'it hangs in the kernel, where nothing can end it; look into dmesg (NVRM, XID)'
    return this.#words || 'it has not answered yet'
  }

  close(): void {
    this.#nextStartMs = Number.POSITIVE_INFINITY
    if (this.#child) this.#kill(this.#child)
  }

  #start(): void {
    const { program, args, nowMs } = this.#options
    // a group of its own: a wrapper script goes together with what it started
    const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    this.#killed = false
    this.#heardMs = nowMs()
    lines(child.stdout, (line) => this.#heard(line))
    lines(child.stderr, (line) => this.#heard(line))
    child.on('error', (error) => {
      this.#words = error.message
      if (child.pid === undefined) this.#ended(child)
    })
    child.on('exit', (code) => {
      if (code !== null && code !== 0 && hasWords(code)) this.#words = codeText(code)
      else this.#words ||= `it ended with ${code ?? 'a signal'}`
      this.#ended(child)
    })
  }

  #heard(line: string): void {
    this.#heardMs = this.#options.nowMs()
    if (!this.#options.onLine(line)) this.#words = line.trim().slice(0, 200) || this.#words
    else {
      this.#failures = 0
      this.#words = ''
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
      // it ended this moment
    }
    // it must not hold the agent's own end
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
