import { readdir, readFile } from 'node:fs/promises'
import { PerwattError } from '../../protocol/kit/errors.ts'

/** The file isn't there, or the driver has no value now: a GPU that sleeps answers EBUSY, EIO or EINVAL. */
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
 * The reads that go on, by folder: a wedged kernel driver holds the thread that reads its file for good, and node has four for
 * all files. They are the program's, so they are counted here, whatever sessions come and go.
 */
const turns = new Map<string, Promise<unknown>>()

/**
 * Reads below one folder of /sys, one file after the other, one poll after the other. What is absent is undefined; what only
 * lacks the permission is an error.
 */
export class Sysfs {
  readonly #root: string
  /** which group or capability opens a file that the agent may not read */
  readonly #permission: string

  constructor(root: string, permission: string) {
    this.#root = root
    this.#permission = permission
  }

  /**
   * Does the reads of one poll, after those that others have begun in the same folder.
   * @throws PerwattError `no-reply` where those don't come back from the kernel
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
      const why = `a file below ${this.#root} has not answered since a poll before; look into dmesg, and restart the machine`
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

  /** A whole number, also below zero. @throws as `text` */
  async number(path: string): Promise<number | undefined> {
    const text = await this.text(path)
    return text !== undefined && /^-?\d{1,18}$/.test(text) ? Number(text) : undefined
  }

  /** The names in a folder, those with numbers in the numbers' order. @throws as `text` */
  async names(path: string): Promise<string[]> {
    const names = await this.#attempt(path, (folder) => readdir(folder))
    // hwmon10 comes after hwmon9
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
