/** A reader that takes nothing for so long is gone, though its connection stands. */
const STALLED_MS = 120_000

/** Where a long text comes from, piece by piece. */
interface Source<T> {
  /** rejects where it fails */
  next: () => Promise<IteratorResult<T>>
  /** nobody wants the rest */
  end: () => unknown
}

/**
 * A long text that is made as fast as its reader takes it: one piece at a time is in memory. Where the source fails in its midst
 * the connection breaks off, so that nobody takes what came for the whole.
 */
export function textStream<T>(
  head: string,
  first: IteratorResult<T>,
  { next, end }: Source<T>,
  textOf: (piece: T) => string,
): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder()
  let stalled: NodeJS.Timeout | undefined
  let piece: IteratorResult<T> | undefined = first
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(bytes.encode(head))
      },
      async pull(controller) {
        clearTimeout(stalled)
        for (;;) {
          const found = piece ?? (await next())
          piece = undefined
          if (found.done) return controller.close()
          const text = textOf(found.value)
          // nothing enqueued, nothing pulled again
          if (text === '') continue
          controller.enqueue(bytes.encode(text))
          stalled = setTimeout(() => {
            controller.error(new Error(`nobody took the answer for ${STALLED_MS / 1000} s`))
            end()
          }, STALLED_MS)
          return
        }
      },
      cancel() {
        clearTimeout(stalled)
        end()
      },
    },
    { highWaterMark: 0 },
  )
}
