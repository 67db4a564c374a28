import { promises as files, readFileSync } from 'node:fs'
import type { Log } from './log.ts'
import { after } from './timers.ts'

/** A disk that sleeps answers sooner. */
const TOLD_AFTER_MS = 5_000

/** Files that the configuration was read from. */
const configuration = new Set<string>()

/** Reads a file of the configuration at once. No signal is handled while its disk does not answer. @throws as `readFileSync` does */
export function readNow(file: string): string {
  configuration.add(file)
  return readFileSync(file, 'utf8')
}

/** Resolves when every file that the configuration was read from can be read again, or fails. */
export const configurationAnswers = (log: Log): Promise<void> => answered([...configuration], log)

/**
 * Resolves when the files of these folders answer a read, or fail: what hangs is waited for here, where signals are handled, and not
 * in the reads at a start, which nothing can interrupt. It tells which file does not answer.
 */
export async function foldersAnswer(folders: readonly string[], log: Log): Promise<void> {
  for (const folder of folders) {
    const names = await telling(folder, log, async () => {
      const entries = await files.readdir(folder, { withFileTypes: true })
      return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => `${folder}/${name}`)
    })
    await answered(names ?? [], log)
  }
}

async function answered(names: readonly string[], log: Log): Promise<void> {
  for (const file of names)
    await telling(file, log, async () => {
      const handle = await files.open(file)
      try {
        await handle.read(Buffer.alloc(1), 0, 1, 0)
      } finally {
        await handle.close()
      }
    })
}

async function telling<T>(file: string, log: Log, work: () => Promise<T>): Promise<T | undefined> {
  const late = after(TOLD_AFTER_MS, () =>
    log.warn('a file does not answer; check the disk that it is on', { file }),
  )
  try {
    return await work()
  } catch {
    // whoever needs it says so
    return undefined
  } finally {
    clearTimeout(late)
  }
}
