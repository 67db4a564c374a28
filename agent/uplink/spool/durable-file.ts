import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Creates an empty file and syncs its folder: a synced file without its folder's entry is lost with the power.
 * @throws the file system's error
 */
export async function createFile(file: string): Promise<FileHandle> {
  const handle = await open(file, 'w+', 0o600)
  try {
    const folder = await open(dirname(file), 'r')
    await folder.sync().finally(() => folder.close())
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Writes all bytes at a position. @throws the file system's error; ENOSPC also where only a part of them fits */
export async function writeFully(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}
