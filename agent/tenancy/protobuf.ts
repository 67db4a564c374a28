/** The fields of a Protocol Buffers message by their numbers: bytes of those with a length, numbers of the others are left out. */
export type Message = ReadonlyMap<number, readonly Buffer[]>

const VARINT = 0
const SIXTY_FOUR_BITS = 1
const WITH_LENGTH = 2
const THIRTY_TWO_BITS = 5

/**
 * Reads a message in Protocol Buffers' wire format (protobuf.dev, Encoding). Texts and messages inside it are its fields with a length.
 * @throws RangeError where it is cut or no message
 */
export function messageOf(bytes: Buffer): Message {
  const fields = new Map<number, Buffer[]>()
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes.readUInt8(at++)
      // a number beyond 2^53 loses digits, and none of ours is so large
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new RangeError('a number of more than ten bytes')
  }
  while (at < bytes.length) {
    const tag = varint()
    const kind = tag % 8
    if (kind === VARINT) varint()
    else if (kind === SIXTY_FOUR_BITS) at += 8
    else if (kind === THIRTY_TWO_BITS) at += 4
    else if (kind === WITH_LENGTH) {
      const length = varint()
      if (at + length > bytes.length) throw new RangeError('a field is longer than its message')
      const number = Math.floor(tag / 8)
      fields.set(number, [...(fields.get(number) ?? []), bytes.subarray(at, at + length)])
      at += length
    } else throw new RangeError(`a field of the unknown kind ${kind}`)
  }
  return fields
}

export const messagesIn = (message: Message, field: number): Message[] =>
  (message.get(field) ?? []).map(messageOf)

/** Empty where the field is not set, as in proto3. */
export const textIn = (message: Message, field: number): string =>
  message.get(field)?.at(-1)?.toString('utf8') ?? ''
