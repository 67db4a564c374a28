import { readdir, readFile } from 'node:fs/promises'
import { PerwattError } from '../../protocol/kit/errors.ts'

/** The file is missing, or the kernel driver has no value now: for a sleeping GPU it returns EBUSY, EIO or EINVAL. */
const ABSENT = new Set([
  'ENOENT',
  'ENOTDIR',
  'ENODEV',
  'ENXIO',
  'ENODATA',
  'EIO',
  'EINVAL',
  'EOPNOTSUPP',
  'EAGAIN',
  'EBUSY',
])
const REFUSED = new Set(['EACCES', 'EPERM'])

/**
 * The poll in progress for each folder. A hung kernel driver blocks the thread that reads its file for ever, and Node has four
 * threads for all files, so one folder may hold one thread only. Kept for the whole program, across sessions.
 */
const turns = new Map<string, Promise<unknown>>()

/**
 * Reads files below one folder of /sys, one at a time, and one poll at a time. A missing file is undefined; a file that the
 * agent's user may not read is an error.
 */
export class Sysfs {
  readonly #root: string
  /** what to do where a file may not be read, such as which group to join */
  readonly #permission: string

  constructor(root: string, permission: string) {
    this.#root = root
    this.#permission = permission
  }

  /**
   * Runs the reads of one poll, after the polls of the same folder that have begun.
   * @throws PerwattError `no-reply` where an earlier poll still waits for the kernel at the deadline
   */
  async poll<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let turn = turns.get(this.#root); turn; turn = turns.get(this.#root)) await this.#after(turn, signal)
    signal.throwIfAborted()
    const own = work()
    const turn = own.catch(() => undefined).finally(() => turns.delete(this.#root))
    turns.set(this.#root, turn)
    return own
  }

  #after(turn: Promise<unknown>, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const why = `a file below ${this.#root} has not answered since an earlier poll; look into dmesg, and restart the machine`
      const onAbort = () => reject(new PerwattError('no-reply', why))
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      turn.then(() => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
    })
  }

  /** @throws PerwattError `not-permitted` */
  async text(path: string): Promise<string | undefined> {
    const text = await this.#attempt(path, (file) => readFile(file, 'utf8'))
    return text?.trim() || undefined
  }

  /** A whole number, which may be negative. @throws as `text` */
  async number(path: string): Promise<number | undefined> {
    const text = await this.text(path)
    return text !== undefined && /^-?\d{1,18}$/.test(text) ? Number(text) : undefined
  }

  /** The names in a folder, numbers in them in numeric order. @throws as `text` */
  async names(path: string): Promise<string[]> {
    const names = await this.#attempt(path, (folder) => readdir(folder))
    // hwmon9 before hwmon10
    return (names ?? []).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  }

  async #attempt<T>(path: string, read: (path: string) => Promise<T>): Promise<T | undefined> {
    try {
      return await read(`${this.#root}/${path}`)
    } catch (error) {
      const code = String((error as NodeJS.ErrnoException).code)
      if (ABSENT.has(code)) return undefined
      if (!REFUSED.has(code)) throw error
      const why = `${this.#root}/${path} may not be read by the agent's user; ${this.#permission}`
      throw new PerwattError('not-permitted', why, { cause: error })
    }
  }
}
