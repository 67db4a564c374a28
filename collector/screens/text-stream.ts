/** A reader that takes nothing for so long is gone, though its connection stands. */
const STALLED_MS = 120_000

/** Where a long text comes from, piece by piece. */
interface Source<T> {
  /** rejects where it fails */
  next: () => Promise<IteratorResult<T>>
  textOf: (piece: T) => string
  /** nobody wants the rest */
  end: () => unknown
  /** it failed in its midst: break the connection, so that nobody takes what came for the whole */
  breakOff: (reason: unknown) => void
}

/** A long text that is made as fast as its reader takes it: one piece at a time is in memory. */
export function textStream<T>(
  head: string,
  first: IteratorResult<T>,
  { next, textOf, end, breakOff }: Source<T>,
): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder()
  let stalled: NodeJS.Timeout | undefined
  let piece: IteratorResult<T> | undefined = first
  const textOfNext = async (): Promise<string | undefined> => {
    for (;;) {
      const found = piece ?? (await next())
      piece = undefined
      if (found.done) return undefined
      const text = textOf(found.value)
      // where nothing is enqueued, nobody asks again
      if (text !== '') return text
    }
  }
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(bytes.encode(head))
      },
      async pull(controller) {
        clearTimeout(stalled)
        try {
          const text = await textOfNext()
          if (text === undefined) return controller.close()
          controller.enqueue(bytes.encode(text))
        } catch (error) {
          return breakOff(error)
        }
        stalled = setTimeout(() => {
          end()
          breakOff(new Error(`nobody took the answer for ${STALLED_MS / 1000} s`))
        }, STALLED_MS)
      },
      cancel() {
        clearTimeout(stalled)
        end()
      },
    },
    { highWaterMark: 0 },
  )
}
