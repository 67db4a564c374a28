import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { withDeadline } from '../../protocol/kit/retry.ts'

/** A disk that hangs holds up no page. */
const DISK_MS = 1_000
/** The data folder has a few files. A folder with more is somebody else's, and is not counted at each page. */
const MOST_FILES = 1_000

/** Bytes of a folder's own files, and bytes that its disk has left. Each is absent where the system does not tell it. Never rejects. */
export async function folderSize(folder: string): Promise<{ used?: number; free?: number }> {
  const of = (work: () => Promise<number | undefined>) => withDeadline(work, DISK_MS).catch(() => undefined)
  const [used, free] = await Promise.all([of(() => bytesOf(folder)), of(() => leftOn(folder))])
  return { ...(used !== undefined && { used }), ...(free !== undefined && { free }) }
}

async function bytesOf(folder: string): Promise<number | undefined> {
  const files = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile())
  if (files.length > MOST_FILES) return undefined
  const sizes = await Promise.all(
    // a file may go between the two looks
    files.map(({ name }) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function leftOn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
