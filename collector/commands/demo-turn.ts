import { rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join, relative } from 'node:path'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { after } from '../../protocol/kit/timers.ts'

/** A demo that was killed needs this long to stop its parts; one that still runs then goes on running. */
const WAIT_MS = 6_000
/** A socket's path has 108 bytes on Linux, 104 on macOS. */
const PATH_BYTES = 103

/**
 * Waits until an earlier demo in this folder has ended, so that the next one gets the same ports, addresses and ledger. A demo
 * listens on a socket in its folder for as long as it runs; the kernel closes it at its end, however it ends.
 * @returns releases the folder
 * @throws PerwattError where another demo goes on running
 */
export async function takeTurn(folder: string, say: (line: string) => void): Promise<() => void> {
  const absolute = join(folder, 'demo.socket')
  const path = [absolute, relative('', absolute)].find((p) => Buffer.byteLength(p) <= PATH_BYTES)
  // without a socket, the lock of the ledger still keeps two demos apart
  if (path === undefined) return () => {}
  const before = await earlierDemo(path)
  if (before) {
    say('an earlier demo in this folder is still stopping; waiting for its end')
    if (!(await before.ends(WAIT_MS)))
      throw new PerwattError(
        'demo-runs',
        `a demo already runs in ${folder}; stop it, or name another folder with --data`,
      )
  }
  rmSync(path, { force: true })
  const server = createServer((socket) => socket.on('error', () => {}).resume())
  await new Promise<void>((resolve) => server.once('error', () => resolve()).listen(path, resolve))
  server.unref()
  return () => server.close()
}

/** The demo that listens at `path`, if there is one. */
function earlierDemo(path: string): Promise<{ ends(withinMs: number): Promise<boolean> } | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('error', () => resolve(undefined))
    socket.once('connect', () => {
      const closed = new Promise<true>((gone) => socket.once('close', () => gone(true)).resume())
      resolve({
        async ends(withinMs) {
          const late = new Promise<false>((give) => after(withinMs, () => give(false)).unref())
          const ended = await Promise.race([closed, late])
          socket.destroy()
          return ended
        },
      })
    })
  })
}
