import { EventEmitter, once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A network link on loopback that can be cut, go silent, or be slow. */
export class Link {
  readonly #target: () => number
  readonly #sockets = new Set<Socket>()
  readonly #changed = new EventEmitter()
  readonly #server = createServer({ allowHalfOpen: true }, (socket) => this.#join(socket))
  #cut = false
  #stalled = false
  #mute = false
  /** delay of each chunk, ms */
  delayMs = 0

  /** @param target gives the port on 127.0.0.1 to forward to; called at each connection */
  constructor(target: () => number) {
    this.#target = target
    this.#changed.setMaxListeners(0)
  }

  /** Listens. @returns the link's port on 127.0.0.1 */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  /** Resets every connection, and each new one at once, until the link is mended. */
  cut(yes: boolean): void {
    this.#cut = yes
    if (yes) this.reset()
  }

  /** Holds all data back while connections stay open; sends it on when the stall is over. */
  stall(yes: boolean): void {
    this.#stalled = yes
    this.#changed.emit('change')
  }

  /** Accepts connections and all data, and answers nothing: what was sent meanwhile never arrives. In the end the connections are reset. */
  mute(yes: boolean): void {
    this.#mute = yes
    if (!yes) this.reset()
  }

  /** Resets the open connections. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async close(): Promise<void> {
    this.reset()
    this.stall(false)
    this.#server.close()
    if (this.#server.listening) await once(this.#server, 'close')
  }

  #join(near: Socket): void {
    if (this.#cut) {
      near.resetAndDestroy()
      return
    }
    const far = connect({ port: this.#target(), host: '127.0.0.1', allowHalfOpen: true })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one)
      one.setNoDelay(true)
      one.on('error', () => other.destroy())
      one.on('close', () => this.#sockets.delete(one))
      void this.#carry(one, other)
    }
  }

  async #carry(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from) {
        if (this.delayMs > 0) await sleep(this.delayMs)
        while (this.#stalled) await once(this.#changed, 'change')
        if (to.destroyed) break
        if (this.#mute) continue
        if (!to.write(chunk)) await Promise.race([once(to, 'drain'), once(to, 'close')])
      }
      while (this.#stalled) await once(this.#changed, 'change')
      to.end()
    } catch {
      to.destroy()
    }
  }
}
