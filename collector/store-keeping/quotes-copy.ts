import { readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { QuoteSchema } from '../../protocol/quote.ts'

const HeldSchema = QuoteSchema.pick({ name: true, value: true, unit: true, source: true }).extend({
  fromMs: z.number().optional(),
  sinceMs: z.number(),
  reason: z.string(),
  waitsFor: z.string().optional(),
})
const ConfirmedSchema = QuoteSchema.pick({ name: true, value: true, source: true }).extend({
  atMs: z.number(),
  isTyped: z.literal(true).optional(),
})
// what copies of earlier versions lack is empty
const CopySchema = z.object({
  v: z.literal(1),
  quotes: z.array(QuoteSchema),
  waiting: z.array(z.object({ quote: QuoteSchema, held: HeldSchema })).default([]),
  confirmed: z.array(ConfirmedSchema).default([]),
  unstored: z.array(QuoteSchema).default([]),
})
type Copy = z.infer<typeof CopySchema>
/** What a copy holds: lists that are only written. */
type Copied = { readonly [K in Exclude<keyof Copy, 'v'>]: readonly Copy[K][number][] }

/**
 * A copy of the present and planned quotes in the data folder: a start without the store has the prices of the stop. It is also where pushed
 * quotes wait for a person over a restart, what they are held against, and what the store did not take yet.
 */
export class QuotesCopy {
  readonly #path: string
  readonly #log: Log
  #written = ''
  #writing: Promise<unknown> = Promise.resolve()
  #failing = false

  constructor(path: string, log: Log) {
    this.#path = path
    this.#log = log
  }

  /** Replaces the copy where these differ from it. Never rejects. @returns whether the disk has it */
  keep(copied: Copied): Promise<boolean> {
    const text = JSON.stringify({ v: 1, ...copied })
    const kept = this.#writing.then(() => text === this.#written || this.#replace(text))
    this.#writing = kept
    return kept
  }

  /** The copy; undefined where there is none, or it can't be read. */
  async read(): Promise<Copy | undefined> {
    try {
      return CopySchema.parse(JSON.parse(await readFile(this.#path, 'utf8')))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT') this.#log.warn('copy of the quotes not read', { reason: reasonOf(error) })
      return undefined
    }
  }

  async #replace(text: string): Promise<boolean> {
    try {
      await writeFile(`${this.#path}.new`, text, { mode: 0o600, flush: true })
      await rename(`${this.#path}.new`, this.#path)
      this.#written = text
      this.#failing = false
      return true
    } catch (error) {
      if (!this.#failing) this.#log.warn('copy of the quotes not written', { reason: reasonOf(error) })
      this.#failing = true
      return false
    }
  }
}
