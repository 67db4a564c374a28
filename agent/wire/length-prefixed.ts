import { connect, type Socket } from 'node:net'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { type Address, explain, MAX_REPLY_BYTES, showAddress } from './cgminer.ts'

const HEADER_BYTES = 4
/** The code of an answer that broke off or never came. */
const NO_REPLY = 'no-reply'

/**
 * One kept connection to a peer that sends each message as its length (4 bytes, little-endian) and its bytes. Whatsminer's
 * API 3 (TCP 4433) serves 10 clients at a time and closes a connection that is idle for 300 s: a closed one is opened again.
 */
export class LengthPrefixedLink {
  readonly #address: Address
  readonly #at: string
  #socket: Socket | undefined

  constructor(address: Address) {
    this.#address = address
    this.#at = showAddress(address)
  }

  /**
   * Sends one message and returns the text of the one that answers it. One question at a time.
   * @param signal the deadline
   * @throws PerwattError: `no-reply`, `refused`, `too-large`
   */
  async ask(message: string, signal: AbortSignal): Promise<string> {
    const kept = this.#socket
    if (kept && !kept.destroyed)
      try {
        return await this.#exchange(kept, message, signal)
      } catch (error) {
        // what the peer closed while nobody asked costs no poll
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
    // an idle connection that breaks is found destroyed by the next question
    return socket.on('error', () => socket.destroy()).on('end', () => socket.destroy())
  }

  #exchange(socket: Socket, message: string, signal: AbortSignal): Promise<string> {
    const at = this.#at
    return new Promise((resolve, reject) => {
      const startedMs = performance.now()
      const frame = new Frame()
      let broken: NodeJS.ErrnoException | undefined

      const leave = () => {
        signal.removeEventListener('abort', onAbort)
        socket.off('data', onData).off('error', onError).off('close', onClose)
      }
      const fail = (code: string, what: string) => {
        leave()
        // an answer that comes later would be taken for the next question's
        socket.destroy()
        reject(new PerwattError(code, what, { cause: broken }))
      }
      const noEnd = (when: string) =>
        `the reply of ${at} stopped after ${frame.received} bytes${when}; check the network and the miner's load`
      const onData = (chunk: Uint8Array) => {
        frame.feed(chunk)
        if (frame.fault)
          return fail('too-large', `the reply of ${at} ${frame.fault}; check what listens there`)
        if (frame.text === undefined) return
        leave()
        resolve(frame.text)
      }
      const onError = (error: NodeJS.ErrnoException) => {
        broken = error
      }
      const onClose = () => {
        if (broken) fail(broken.code === 'ECONNREFUSED' ? 'refused' : NO_REPLY, explain(broken, at))
        else if (frame.received > 0) fail(NO_REPLY, noEnd(''))
        else fail(NO_REPLY, `${at} closed the connection without a reply; check the API access list`)
      }
      const onAbort = () => {
        const waitedMs = Math.round(performance.now() - startedMs)
        if (frame.received > 0) fail(NO_REPLY, noEnd(`, no end in ${waitedMs} ms`))
        else fail(NO_REPLY, `no reply in ${waitedMs} ms from ${at}; check power and API access`)
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

/** One message as it arrives. */
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

  /** what is wrong with its size */
  get fault(): string | undefined {
    if (this.#end === undefined) return undefined
    if (this.#end > HEADER_BYTES + MAX_REPLY_BYTES) return `announces ${this.#end - HEADER_BYTES} bytes`
    return this.received > this.#end ? 'is longer than it announces' : undefined
  }

  /** undefined: more is to come */
  get text(): string | undefined {
    return this.received === this.#end
      ? Buffer.concat(this.#chunks).toString('utf8', HEADER_BYTES)
      : undefined
  }
}
