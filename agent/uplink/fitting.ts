import { encode } from '../../protocol/codec.ts'

/** A message with its size on the wire. */
export interface Sized<M> {
  message: M
  bytes: number
}

/** The same as it goes over the wire, so that nobody encodes it a second time. */
interface Encoded<M> extends Sized<M> {
  payload: string
}

/**
 * A message of the first entries, as many as fit into `maxBytes`; of one entry where not even one fits.
 * @param make the message of some of the entries
 */
export function fitting<T, M>(
  entries: readonly T[],
  make: (some: readonly T[]) => M,
  maxBytes: number,
): Encoded<M> {
  for (let count = entries.length; ; ) {
    const message = make(entries.slice(0, count))
    const payload = encode(message)
    const bytes = Buffer.byteLength(payload)
    if (bytes <= maxBytes || count <= 1) return { message, bytes, payload }
    count = Math.max(1, Math.min(count - 1, Math.floor((count * maxBytes) / bytes)))
  }
}

/** All entries in messages that fit. @param most entries of one message */
export function partsOf<T, M>(
  entries: readonly T[],
  make: (some: readonly T[]) => M,
  { maxBytes, most }: { maxBytes: number; most: number },
): (Encoded<M> & { entries: readonly T[] })[] {
  const parts: (Encoded<M> & { entries: readonly T[] })[] = []
  for (let from = 0; from < entries.length; ) {
    let taken: readonly T[] = []
    const rest = entries.slice(from, from + most)
    const sized = fitting(
      rest,
      (some) => {
        taken = some
        return make(some)
      },
      maxBytes,
    )
    parts.push({ ...sized, entries: taken })
    from += taken.length
  }
  return parts
}
