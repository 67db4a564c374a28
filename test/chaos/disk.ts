import { execFile } from 'node:child_process'
import { closeSync, cpSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const exec = promisify(execFile)
/** after its disk was full, an agent waits before it tries the disk again */
const TRUSTED_AFTER_MS = 15_000
/** large ones for most of it, then small ones to the last */
const BLOCKS = [Buffer.alloc(2 ** 20, 1), Buffer.alloc(4096, 1)]
const FILLER = 'filler'

/** A small disk for one program. */
export interface SmallDisk {
  folder: string
  /** true: writes reach the disk now; it is not full, and the agent has noticed that */
  readonly takes: boolean
  /** true: no byte can be written now */
  readonly full: boolean
  /** Fills the disk to its last block. */
  fill(): void
  free(): void
  /** Makes it read-only, or writable again. Rejects where a file on it is open for writing. */
  readOnly(yes: boolean): Promise<void>
  /** Unmounts it; its files stay in the folder. */
  remove(): Promise<void>
}

/** Mounts a disk of `sizeMb` MB at `folder`. @returns undefined without root, because only root may mount */
export async function mountSmallDisk(folder: string, sizeMb: number): Promise<SmallDisk | undefined> {
  mkdirSync(folder, { recursive: true })
  try {
    await exec('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m,mode=0755`, 'perwatt-chaos', folder])
  } catch {
    return undefined
  }
  let fullUntilMs = 0
  const filler = join(folder, FILLER)
  return {
    folder,
    get takes() {
      return performance.now() > fullUntilMs + TRUSTED_AFTER_MS
    },
    get full() {
      return fullUntilMs === Number.POSITIVE_INFINITY
    },
    fill() {
      fullUntilMs = Number.POSITIVE_INFINITY
      const file = openSync(filler, 'a')
      for (const block of BLOCKS)
        try {
          for (;;) writeSync(file, block)
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        }
      closeSync(file)
    },
    free() {
      rmSync(filler, { force: true })
      fullUntilMs = performance.now()
    },
    readOnly: async (yes) => {
      await exec('mount', ['-o', `remount,${yes ? 'ro' : 'rw'}`, folder])
    },
    remove: async () => {
      const kept = `${folder}.kept`
      cpSync(folder, kept, { recursive: true, filter: (path) => path !== filler })
      await exec('umount', ['--lazy', folder])
      rmSync(folder, { recursive: true, force: true })
      renameSync(kept, folder)
    },
  }
}
