import type { AddressInfo, Server, Socket } from 'node:net'
import { PerwattError } from '../../../protocol/kit/errors.ts'

/** A listening server of one emulated machine. It can open and close repeatedly, as the machine reboots; closing ends all sockets. */
export class Listener {
  readonly host: string
  readonly #server: Server
  readonly #who: string
  readonly #sockets = new Set<Socket>()
  #port: number
  #wanted = false
  /** the last call of `open` or `close`: each waits for the one before */
  #last: Promise<void> = Promise.resolve()

  /** @param who name in errors @param port 0 takes any free port at the first opening and keeps it */
  constructor(server: Server, who: string, host: string, port: number) {
    this.#server = server
    this.#who = who
    this.host = host
    this.#port = port
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      // a client that breaks the connection is no error here
      socket.on('error', () => socket.destroy())
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  get port(): number {
    return this.#port
  }

  /** true from the call of `open` until it fails or `close` is called */
  get wanted(): boolean {
    return this.#wanted
  }

  /** @throws PerwattError that names the address which is not available, and says what to do */
  open(): Promise<void> {
    this.#wanted = true
    return this.#after(() => this.#listen())
  }

  close(): Promise<void> {
    this.#wanted = false
    return this.#after(() => this.#stop())
  }

  #after(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }

  async #listen(): Promise<void> {
    if (!this.#wanted || this.#server.listening) return
    await new Promise<void>((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => {
        this.#wanted = false
        reject(explainAddress(this.#who, this.host, this.#port, error))
      }
      this.#server.once('error', failed)
      this.#server.listen(this.#port, this.host, () => {
        this.#server.off('error', failed)
        // a later failure to accept a connection (no file handles left) must not end the program
        this.#server.on('error', () => {})
        resolve()
      })
    })
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async #stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#server.listening) return
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.removeAllListeners('error')
  }
}

/** Why a machine can't listen on its address, and what to do. */
export function explainAddress(
  who: string,
  host: string,
  port: number,
  error: NodeJS.ErrnoException,
): PerwattError {
  const where = `${host}:${port}`
  const say = (text: string) => new PerwattError('simulator', `${who}: ${text}`, { cause: error })
  if (error.code === 'EADDRINUSE')
    return say(`${where} is taken; stop the other simulator or choose another --base address`)
  if (error.code === 'EADDRNOTAVAIL')
    return say(
      `this machine has no address ${host}; give a free loopback range with --base (on macOS add each with: sudo ifconfig lo0 alias ${host})`,
    )
  return say(`cannot listen on ${where}: ${error.message}`)
}
