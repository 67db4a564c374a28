import { readFileSync } from 'node:fs'
import type { WrittenTruth } from '../../agent/simulator/run-site.ts'

const LOOK_EVERY_MS = 300

/** The emulated world's true state, written by the simulator once a second. */
export class TruthLog {
  readonly #file: string
  readonly #series: WrittenTruth[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(file: string) {
    this.#file = file
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS)
    this.look()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Reads the file as it is now. */
  look(): void {
    let written: WrittenTruth
    try {
      written = JSON.parse(readFileSync(this.#file, 'utf8'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      throw error
    }
    if (written.atMs !== this.#series.at(-1)?.atMs) this.#series.push(written)
  }

  get latest(): WrittenTruth | undefined {
    return this.#series.at(-1)
  }

  get series(): readonly WrittenTruth[] {
    return this.#series
  }
}
