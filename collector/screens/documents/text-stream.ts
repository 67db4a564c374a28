/** A reader that takes nothing for this long is gone, even if its connection is open. */
const STALLED_MS = 120_000

/** The source of a long text, piece by piece. */
interface Source<T> {
  /** rejects if the source fails */
  next: () => Promise<IteratorResult<T>>
  textOf: (piece: T) => string
  /** releases the source before its end */
  end: () => unknown
  /** breaks the connection after a failure, so that nobody takes the first pieces for the whole text */
  breakOff: (reason: unknown) => void
}

/** A long text that is made as fast as its reader takes it. Only one piece at a time is in memory. */
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
      // the stream pulls again only after something was enqueued: skip empty texts
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
        stalled = after(STALLED_MS, () => {
          end()
          breakOff(new Error(`the reader took nothing for ${STALLED_MS / 1000} s`))
        })
      },
      cancel() {
        clearTimeout(stalled)
        end()
      },
    },
    { highWaterMark: 0 },
  )
}

import { after } from '../../../protocol/kit/timers.ts'
