import type { Socket } from 'node:net'

/** connections that a hung machine keeps open; a real machine has a limit too */
const MAX_HELD = 32

/** The connections of a machine that hangs: it accepts and reads them, but never answers. */
export class HungConnections {
  readonly #sockets: Socket[] = []

  hold(socket: Socket): void {
    if (this.#sockets.includes(socket)) return
    this.#sockets.push(socket)
    socket.resume()
    if (this.#sockets.length > MAX_HELD) this.#sockets.shift()?.destroy()
  }
}
