import type { Socket } from 'node:net'

/** Follows the packets of an MQTT connection by their lengths alone, before anything of them is kept. */
export class PacketSizes {
  /** bytes of the present packet that are still to come */
  #left = 0
  /** the present packet's length field is under way: its value so far, and the next digit's weight (MQTT 3.1.1, 2.2.3) */
  #length = 0
  #weight = 0

  /** @returns bytes of the first packet that begins in this piece and is larger than `most`; Infinity: its length can't be */
  over(piece: Uint8Array, most: number): number | undefined {
    let at = 0
    while (at < piece.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, piece.length - at)
        this.#left -= taken
        at += taken
      } else if (this.#weight === 0) {
        this.#weight = 1
        this.#length = 0
        at++
      } else {
        const digit = piece[at++] as number
        this.#length += (digit & 127) * this.#weight
        if (digit < 128) {
          if (this.#length > most) return this.#length
          this.#left = this.#length
          this.#weight = 0
        } else if (this.#weight === 2 ** 21) return Number.POSITIVE_INFINITY
        else this.#weight *= 128
      }
    }
    return undefined
  }
}

/**
 * Ends a connection whose packet is too large, before the broker keeps any of it: its parser would keep up to 256 MiB.
 * @param most bytes that a packet may have now
 */
export function limitPackets(socket: Socket, most: () => number, onRefused: (bytes: number) => void): void {
  const sizes = new PacketSizes()
  const read = socket.read.bind(socket)
  socket.read = (size?: number) => {
    const piece: Buffer | null = read(size)
    const bytes = piece === null ? undefined : sizes.over(piece, most())
    if (bytes === undefined) return piece
    onRefused(bytes)
    socket.destroy()
    return null
  }
}
