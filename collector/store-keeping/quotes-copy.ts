import { readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { type Quote, QuoteSchema } from '../../protocol/quote.ts'

const HeldSchema = QuoteSchema.pick({ name: true, value: true, unit: true, source: true }).extend({
  fromMs: z.number().optional(),
  sinceMs: z.number(),
  reason: z.string(),
  waitsFor: z.string().optional(),
})
const CopySchema = z.object({
  v: z.literal(1),
  quotes: z.array(QuoteSchema),
  // absent in copies of earlier versions
  waiting: z.array(z.object({ quote: QuoteSchema, held: HeldSchema })).default([]),
})
type Copy = z.infer<typeof CopySchema>

/** A pushed quote that waits until a person accepts it, and why. */
export type WaitingQuote = Copy['waiting'][number]

/**
 * A copy of the present and planned quotes in the data folder: a start without the store has the prices of the stop. It is also where pushed
 * quotes wait for a person over a restart.
 */
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
    return (await this.#read())?.quotes as Quote[] | undefined
  }

  /** The pushed quotes that waited when the copy was made. */
  async readWaiting(): Promise<WaitingQuote[]> {
    return (await this.#read())?.waiting ?? []
  }

  /** Replaces the copy where these differ from it. Never rejects. */
  keep(quotes: readonly Quote[], waiting: readonly WaitingQuote[] = []): Promise<void> {
    const text = JSON.stringify({ v: 1, quotes, waiting })
    if (text !== this.#written) this.#writing = this.#writing.then(() => this.#replace(text))
    return this.#writing
  }

  async #read(): Promise<Copy | undefined> {
    try {
      return CopySchema.parse(JSON.parse(await readFile(this.#path, 'utf8')))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT') this.#log.warn('copy of the quotes not read', { reason: reasonOf(error) })
      return undefined
    }
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
