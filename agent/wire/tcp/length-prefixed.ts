import { connect, type Socket } from 'node:net'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { type Address, showAddress } from './address.ts'
import {
  closedWithoutReply,
  connectionFailure,
  MAX_REPLY_BYTES,
  NO_REPLY,
  noReplyIn,
  replyStopped,
} from './failures.ts'

const HEADER_BYTES = 4

/**
 * One kept TCP connection on which each message is its length (4 bytes, little-endian), then its bytes. Whatsminer's API 3
 * (TCP 4433) serves 10 clients at a time and closes a connection after 300 s without a request; the next request reconnects.
 */
export class LengthPrefixedTcp {
  readonly #address: Address
  readonly #at: string
  #socket: Socket | undefined

  constructor(address: Address) {
    this.#address = address
    this.#at = showAddress(address)
  }

  /**
   * Sends one message and returns the text of its reply. Call it again only after the reply.
   * @param signal the deadline
   * @throws PerwattError: `no-reply`, `refused`, `too-large`
   */
  async ask(message: string, signal: AbortSignal): Promise<string> {
    const kept = this.#socket
    if (kept && !kept.destroyed)
      try {
        return await this.#exchange(kept, message, signal)
      } catch (error) {
        // the peer closed the kept connection since the last request: reconnect within this poll
        if (signal.aborted || !(error instanceof PerwattError) || error.code !== NO_REPLY) throw error
      }
    this.#socket = this.#open()
    return this.#exchange(this.#socket, message, signal)
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #open(): Socket {
    const socket = connect({ ...this.#address, noDelay: true })
    // an idle connection that breaks is destroyed here, so that the next request reconnects
    return socket.on('error', () => socket.destroy()).on('end', () => socket.destroy())
  }

  #exchange(socket: Socket, message: string, signal: AbortSignal): Promise<string> {
    const at = this.#at
    return new Promise((resolve, reject) => {
      const startedMs = performance.now()
      const frame = new Frame()
      let broken: NodeJS.ErrnoException | undefined
      const reply = `the reply of ${at}`

      const leave = () => {
        signal.removeEventListener('abort', onAbort)
        socket.off('data', onData).off('error', onError).off('close', onClose)
      }
      const fail = (error: PerwattError) => {
        leave()
        // a late reply would be taken for the next request's
        socket.destroy()
        reject(error)
      }
      const onData = (chunk: Uint8Array) => {
        frame.feed(chunk)
        if (frame.fault)
          return fail(new PerwattError('too-large', `${reply} ${frame.fault}; check what listens there`))
        if (frame.text === undefined) return
        leave()
        resolve(frame.text)
      }
      const onError = (error: NodeJS.ErrnoException) => {
        broken = error
      }
      const onClose = () => {
        if (broken) return fail(connectionFailure(broken, at))
        fail(
          new PerwattError(
            NO_REPLY,
            frame.received > 0 ? replyStopped(reply, frame.received) : closedWithoutReply(at),
          ),
        )
      }
      const onAbort = () => {
        const waitedMs = Math.round(performance.now() - startedMs)
        const stopped = () => replyStopped(reply, frame.received, `, no end in ${waitedMs} ms`)
        fail(new PerwattError(NO_REPLY, frame.received > 0 ? stopped() : noReplyIn(waitedMs, at)))
      }
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      socket.on('data', onData).on('error', onError).on('close', onClose)
      socket.write(framed(message))
    })
  }
}

function framed(message: string): Buffer {
  const body = Buffer.from(message)
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(body.length)
  return Buffer.concat([header, body])
}

/** Collects one message from the chunks of the stream. */
class Frame {
  received = 0
  readonly #chunks: Uint8Array[] = []
  #end: number | undefined

  feed(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.received += chunk.length
    if (this.#end === undefined && this.received >= HEADER_BYTES)
      this.#end = HEADER_BYTES + Buffer.concat(this.#chunks).readUInt32LE(0)
  }

  /** why the size is wrong; undefined while it may be right */
  get fault(): string | undefined {
    if (this.#end === undefined) return undefined
    if (this.#end > HEADER_BYTES + MAX_REPLY_BYTES) return `announces ${this.#end - HEADER_BYTES} bytes`
    return this.received > this.#end ? 'is longer than it announces' : undefined
  }

  /** undefined until the message is whole */
  get text(): string | undefined {
    return this.received === this.#end
      ? Buffer.concat(this.#chunks).toString('utf8', HEADER_BYTES)
      : undefined
  }
}
