import type { Socket } from 'node:net'
import { after } from '../../protocol/kit/timers.ts'

/** Follows the packets of an MQTT connection by their lengths alone, before anything of them is kept. */
export class PacketSizes {
  /** bytes of the present packet that are still to come */
  #left = 0
  /** the present packet's length field is under way: its value so far, and the next digit's weight (MQTT 3.1.1, 2.2.3) */
  #length = 0
  #weight = 0
  /** packets that have begun so far */
  begun = 0

  /** @returns bytes of the first packet that begins in this piece and is larger than `most`; Infinity: its length can't be */
  over(piece: Uint8Array, most: number): number | undefined {
    let at = 0
    while (at < piece.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, piece.length - at)
        this.#left -= taken
        at += taken
      } else if (this.#weight === 0) {
        this.begun++
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

export interface PacketBounds {
  /** bytes that a packet may have now */
  mostBytes(): number
  /** packets a second that are read now, on average; more wait in the sender's own buffers */
  perS(): number
  onRefused(bytes: number): void
}

/** What was saved up may be read at once. */
const SAVED_S = 10
const REST_MS = 50

/**
 * Ends a connection whose packet is too large before the broker keeps any of it: its parser would keep up to 256 MiB. One whose
 * packets come too fast is left unread for a while, so TCP slows its sender, and nothing is lost.
 */
export function limitPackets(socket: Socket, bounds: PacketBounds, nowMs = () => performance.now()): void {
  const sizes = new PacketSizes()
  const read = socket.read.bind(socket)
  let saved = SAVED_S * bounds.perS()
  let atMs = nowMs()
  let rests = false
  const mayRead = () => {
    const now = nowMs()
    saved = Math.min(SAVED_S * bounds.perS(), saved + (bounds.perS() * (now - atMs)) / 1000)
    atMs = now
    return saved > 0
  }
  const rest = () => {
    if (rests) return
    rests = true
    after(REST_MS, () => {
      rests = false
      if (!socket.destroyed) socket.emit('readable')
    }).unref()
  }
  socket.read = (size?: number) => {
    if (!mayRead()) {
      rest()
      return null
    }
    const piece: Buffer | null = read(size)
    const before = sizes.begun
    const bytes = piece === null ? undefined : sizes.over(piece, bounds.mostBytes())
    saved -= sizes.begun - before
    if (bytes === undefined) return piece
    bounds.onRefused(bytes)
    socket.destroy()
    return null
  }
}
