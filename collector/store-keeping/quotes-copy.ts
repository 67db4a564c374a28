import { readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { type Quote, QuoteSchema } from '../../protocol/quote.ts'

const CopySchema = z.object({ v: z.literal(1), quotes: z.array(QuoteSchema) })

/** A copy of the present and planned quotes in the data folder: a start without the store has the prices of the stop. */
export class QuotesCopy {
  readonly #path: string
  readonly #log: Log
  #written = ''
  #writing: Promise<void> = Promise.resolve()
  #failing = false

  constructor(path: string, log: Log) {
    this.#path = path
    this.#log = log
  }

  /** The quotes of the copy; undefined where there is none, or it can't be read. */
  async read(): Promise<Quote[] | undefined> {
    try {
      return CopySchema.parse(JSON.parse(await readFile(this.#path, 'utf8'))).quotes as Quote[]
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT') this.#log.warn('copy of the quotes not read', { reason: reasonOf(error) })
      return undefined
    }
  }

  /** Replaces the copy where these differ from it. Never rejects. */
  keep(quotes: readonly Quote[]): Promise<void> {
    const text = JSON.stringify({ v: 1, quotes })
    if (text !== this.#written) this.#writing = this.#writing.then(() => this.#replace(text))
    return this.#writing
  }

  async #replace(text: string): Promise<void> {
    try {
      await writeFile(`${this.#path}.new`, text, { mode: 0o600 })
      await rename(`${this.#path}.new`, this.#path)
      this.#written = text
      this.#failing = false
    } catch (error) {
      if (!this.#failing) this.#log.warn('copy of the quotes not written', { reason: reasonOf(error) })
      this.#failing = true
    }
  }
}
