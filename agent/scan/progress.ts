import type { Progress } from './sweep.ts'

/** Where progress is shown: standard error. */
export interface ProgressStream {
  isTTY?: boolean | undefined
  write(text: string): unknown
}

const ERASE_LINE = '\r\u001b[K'
const number = (n: number): string => n.toLocaleString('en-US')

/** A line that rewrites itself on a terminal; elsewhere a line each tenth of the way. */
export class ProgressLine {
  readonly #stream: ProgressStream
  readonly #total: number
  #said = -1

  constructor(stream: ProgressStream, total: number) {
    this.#stream = stream
    this.#total = total
  }

  show({ done, machines }: Progress): void {
    // a terminal needn't be written to more often than one can read
    const step = Math.floor((done / this.#total) * (this.#stream.isTTY ? 200 : 10))
    if (step === this.#said) return
    this.#said = step
    const text = `${number(done)} of ${number(this.#total)} addresses, ${number(machines)} machines`
    this.#stream.write(this.#stream.isTTY ? `${ERASE_LINE}${text}` : `${text}\n`)
  }

  /** The line makes room for what follows. */
  end(): void {
    if (this.#stream.isTTY) this.#stream.write(ERASE_LINE)
  }
}
