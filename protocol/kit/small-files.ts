import { promises as disk } from 'node:fs'
import { dirname } from 'node:path'
import { reasonOf } from './errors.ts'
import type { Log } from './log.ts'
import { after } from './timers.ts'

/** A disk that sleeps answers sooner. */
const HANGS_MS = 5_000

/** A file that does not take what it is given. */
export interface FileTrouble {
  file: string
  reason: string
  stillS: number
}

/**
 * Writes the small files of a program one after the other, without holding up anything else. A disk that dies never answers: however
 * many of them wait for it, they take one thread of the four that also look up names for everybody.
 */
export class SmallFiles {
  readonly #log: Log
  readonly #steadyMs: () => number
  #turn: Promise<unknown> = Promise.resolve()
  #working: { file: string; sinceMs: number } | undefined
  readonly #failing = new Map<string, { sinceMs: number; reason: string }>()
  /** texts that wait for their turn */
  readonly #waiting = new Map<string, { text: string; done: Promise<void> }>()

  constructor(log: Log, steadyMs: () => number = () => performance.now()) {
    this.#log = log
    this.#steadyMs = steadyMs
  }

  /** What hangs, else what fails longest; undefined: every file is written. */
  get trouble(): FileTrouble | undefined {
    const now = this.#steadyMs()
    const { file, sinceMs = now } = this.#working ?? {}
    if (file !== undefined && now - sinceMs > HANGS_MS)
      return { file, reason: 'its disk does not answer', stillS: (now - sinceMs) / 1000 }
    const [longest] = [...this.#failing].sort(([, a], [, b]) => a.sinceMs - b.sinceMs)
    if (!longest) return undefined
    const [failing, { reason, sinceMs: failingMs }] = longest
    return { file: failing, reason, stillS: (now - failingMs) / 1000 }
  }

  /** Runs work on a file after all that came before. Rejects as the work does. */
  run<T>(file: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => this.#run(file, work))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /**
   * Replaces a file; after a crash it has the old text or the new one, never a part. Of texts that wait for the same file only the newest
   * is written. Resolves when it is on the disk. @throws the file system's error
   */
  replace(file: string, text: string): Promise<void> {
    const waiting = this.#waiting.get(file)
    if (waiting) {
      waiting.text = text
      return waiting.done
    }
    const done = this.run(file, async () => {
      const newest = this.#waiting.get(file)?.text ?? text
      this.#waiting.delete(file)
      await replaceFile(file, newest)
    })
    this.#waiting.set(file, { text, done })
    return done
  }

  async #run<T>(file: string, work: () => Promise<T>): Promise<T> {
    const sinceMs = this.#steadyMs()
    this.#working = { file, sinceMs }
    const late = after(HANGS_MS, () =>
      this.#log.error('a file does not answer; check the disk that it is on (dmesg, smartctl)', { file }),
    ).unref()
    try {
      const result = await work()
      this.#failing.delete(file)
      return result
    } catch (error) {
      this.#failing.set(file, {
        sinceMs: this.#failing.get(file)?.sinceMs ?? sinceMs,
        reason: reasonOf(error),
      })
      throw error
    } finally {
      clearTimeout(late)
      this.#working = undefined
    }
  }
}

/** Replaces a file; after a crash it has the old text or the new one, never a part. @throws the file system's error */
export async function replaceFile(file: string, text: string): Promise<void> {
  const fresh = await disk.open(`${file}.new`, 'w', 0o600)
  try {
    await fresh.writeFile(text)
    await fresh.datasync()
  } finally {
    await fresh.close()
  }
  await disk.rename(`${file}.new`, file)
  // the rename is on disk only after an fsync of the folder
  const folder = await disk.open(dirname(file), 'r')
  await folder.sync().finally(() => folder.close())
}
