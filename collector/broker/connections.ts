import type { Socket } from 'node:net'

export interface ConnectionBounds {
  /** in all */
  all: number
  /** of those that have not been accepted yet */
  waiting: number
  /** from one address; one behind loopback is this computer, where an operator may run any number of agents */
  ofAddress: number
}

/** The broker's open connections. */
export class Connections {
  readonly #most: ConnectionBounds
  readonly #open = new Map<Socket, string>()
  readonly #waiting = new Set<Socket>()
  readonly #byAddress = new Map<string, number>()

  constructor(most: ConnectionBounds) {
    this.#most = most
  }

  /** Counts a new connection until it closes. @returns why there is no room for it; undefined: there is */
  open(socket: Socket): string | undefined {
    const address = socket.remoteAddress ?? ''
    const { all, waiting, ofAddress } = this.#most
    if (this.#open.size >= all) return `there are ${all} connections`
    if (this.#waiting.size >= waiting) return `${waiting} connections have sent no CONNECT yet`
    const others = this.#byAddress.get(address) ?? 0
    if (others >= ofAddress && !isLoopback(address))
      return `there are ${ofAddress} connections from its address`
    this.#open.set(socket, address)
    this.#waiting.add(socket)
    this.#byAddress.set(address, others + 1)
    socket.once('close', () => this.#closed(socket))
    return undefined
  }

  /** The broker has accepted its CONNECT. */
  accepted(socket: unknown): void {
    this.#waiting.delete(socket as Socket)
  }

  isAccepted(socket: Socket): boolean {
    return !this.#waiting.has(socket)
  }

  destroyAll(): void {
    for (const socket of [...this.#open.keys()]) socket.destroy()
  }

  #closed(socket: Socket): void {
    const address = this.#open.get(socket)
    if (address === undefined) return
    this.#open.delete(socket)
    this.#waiting.delete(socket)
    const others = (this.#byAddress.get(address) ?? 1) - 1
    if (others > 0) this.#byAddress.set(address, others)
    else this.#byAddress.delete(address)
  }
}

const isLoopback = (address: string): boolean => address === '::1' || /^(::ffff:)?127\./.test(address)
