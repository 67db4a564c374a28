import type { Socket } from 'node:net'

/** connections that a hung machine keeps open; a real one runs out as well */
const MAX_STUCK = 32

/** The connections of a machine that hangs: accepted, read, never answered. */
export class Stuck {
  readonly #sockets: Socket[] = []

  hold(socket: Socket): void {
    if (this.#sockets.includes(socket)) return
    this.#sockets.push(socket)
    socket.resume()
    if (this.#sockets.length > MAX_STUCK) this.#sockets.shift()?.destroy()
  }
}
