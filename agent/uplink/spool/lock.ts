import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { resolve } from 'node:path'
import { PerwattError } from '../../../protocol/kit/errors.ts'

/**
 * Locks a folder for this process by a Linux abstract socket named after the folder. The kernel releases it however the process
 * ends, so no stale lock file can remain. Other systems have no lock.
 */
export class FolderLock {
  readonly #folder: string
  #server: Server | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /** @throws PerwattError `spool-in-use` where another process holds the lock */
  async take(): Promise<void> {
    if (this.#server || process.platform !== 'linux') return
    const name = createHash('sha256').update(resolve(this.#folder)).digest('hex').slice(0, 32)
    const server = createServer((socket) => socket.destroy())
    await new Promise<void>((taken, refused) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        // a sandbox may forbid sockets: go on without a lock
        if (error.code !== 'EADDRINUSE') return taken()
        refused(
          new PerwattError(
            'spool-in-use',
            'another perwatt-agent has this folder; give each its own spool.folder',
          ),
        )
      })
      server.listen({ path: `\0perwatt-spool-${name}` }, taken)
    })
    server.unref()
    this.#server = server
  }

  async release(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server?.listening) await new Promise<void>((closed) => server.close(() => closed()))
  }
}
