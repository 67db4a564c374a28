import type { Progress } from './sweep.ts'

/** A stream for progress, such as standard error. */
export interface ProgressStream {
  isTTY?: boolean | undefined
  write(text: string): unknown
}

const ERASE_LINE = '\r\u001b[K'
const number = (n: number): string => n.toLocaleString('en-US')

/** Shows progress: on a terminal a line that rewrites itself, elsewhere a new line at each tenth. */
export class ProgressLine {
  readonly #stream: ProgressStream
  readonly #total: number
  #lastStep = -1

  constructor(stream: ProgressStream, total: number) {
    this.#stream = stream
    this.#total = total
  }

  show({ done, machines }: Progress): void {
    // on a terminal at most 200 updates: more often nobody can read
    const step = Math.floor((done / this.#total) * (this.#stream.isTTY ? 200 : 10))
    if (step === this.#lastStep) return
    this.#lastStep = step
    const text = `${number(done)} of ${number(this.#total)} addresses, ${number(machines)} machines`
    this.#stream.write(this.#stream.isTTY ? `${ERASE_LINE}${text}` : `${text}\n`)
  }

  /** Erases the line, so that other output can follow. */
  end(): void {
    if (this.#stream.isTTY) this.#stream.write(ERASE_LINE)
  }
}
