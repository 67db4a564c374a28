import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { createGzip, type Gzip } from 'node:zlib'
import { after } from '../timers.ts'
import { CONTENT_TYPES, endOf, type Format, formatFor, takesGzip } from './format.ts'

/** A page in pieces, without its end. */
export type Pieces = AsyncIterable<string | Uint8Array>

/** A reader that takes longer has gone, or holds the page up for the others. */
const LONGEST_MS = 30_000
/** Readers that may wait for their turn. */
const MOST_WAITING = 4
/** A page takes at most a third of a core: it rests for twice as long as the last one worked. */
const REST_FACTOR = 2
const LONGEST_REST_MS = 5_000

/**
 * Answers readers of a metrics page one after the other. A page is written as fast as its reader takes it, piece by piece, and between two
 * pieces everything else of the program gets its turn.
 */
export class MetricsAnswer {
  readonly #make: (format: Format) => Pieces
  readonly #steadyMs: () => number
  #last: Promise<void> = Promise.resolve()
  #waiting = 0
  #restsUntilMs = 0

  /** @param steadyMs a clock that never steps, ms */
  constructor(make: (format: Format) => Pieces, steadyMs = () => performance.now()) {
    this.#make = make
    this.#steadyMs = steadyMs
  }

  /** Too many readers wait: another one must come later. */
  get isFull(): boolean {
    return this.#waiting > MOST_WAITING
  }

  /** Resolves when the response has ended. Never rejects. The caller checks `isFull` and the reader's rights first. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#waiting++
    const turn = this.#last.then(() => this.#answer(request, response)).catch(() => void response.destroy())
    this.#last = turn.finally(() => {
      this.#waiting--
    })
    return this.#last
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (response.destroyed) return
    const format = formatFor(request.headers.accept)
    const gzip = takesGzip(request.headers['accept-encoding'])
    response.writeHead(200, {
      'content-type': CONTENT_TYPES[format],
      'cache-control': 'no-store',
      vary: 'accept, accept-encoding',
      ...(gzip && { 'content-encoding': 'gzip' }),
    })
    if (request.method === 'HEAD') {
      response.end()
      return
    }
    await this.#rest()
    const late = after(LONGEST_MS, () => response.destroy()).unref()
    try {
      await this.#write(format, response, gzip ? createGzip({ level: 1 }) : undefined)
    } finally {
      clearTimeout(late)
    }
  }

  async #write(format: Format, response: ServerResponse, gzip: Gzip | undefined): Promise<void> {
    gzip?.pipe(response)
    const out = gzip ?? response
    let workedMs = 0
    const pieces = this.#make(format)[Symbol.asyncIterator]()
    try {
      for (;;) {
        const beganMs = this.#steadyMs()
        const { done, value } = await pieces.next()
        if (done || response.destroyed) break
        const hasRoom = out.write(value)
        workedMs += this.#steadyMs() - beganMs
        if (!hasRoom) await drained(out, response)
        await yieldToOthers()
      }
    } finally {
      await pieces.return?.()
      this.#restsUntilMs = this.#steadyMs() + Math.min(LONGEST_REST_MS, REST_FACTOR * workedMs)
    }
    if (response.destroyed) {
      gzip?.destroy()
      return
    }
    const ended = new Promise<void>((resolve) => response.once('close', resolve))
    out.end(endOf(format))
    await ended
  }

  async #rest(): Promise<void> {
    const ms = this.#restsUntilMs - this.#steadyMs()
    if (ms > 0) await new Promise<void>((resolve) => after(ms, resolve))
  }
}

/** Resolves when the stream takes more, or its reader has gone. */
const drained = (out: Gzip | ServerResponse, response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const go = () => {
      out.off('drain', go)
      response.off('close', go)
      resolve()
    }
    out.once('drain', go)
    response.once('close', go)
    if (response.destroyed) go()
  })
