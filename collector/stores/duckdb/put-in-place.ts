import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { logOf } from './log-guard.ts'

/** The file that is written beside a damaged one, before it takes its place. */
export const freshOf = (path: string): string => `${path}.salvaged`
/** Names where the damaged file goes, while the two change places. */
const noteOf = (path: string): string => `${path}.changing-places`

/** Puts the fresh file in place of the damaged one, which is kept as `aside` with its log. Killed in between, the next open finishes it. */
export async function putInPlace(path: string, aside: string): Promise<void> {
  const half = `${noteOf(path)}.new`
  const file = await open(half, 'w', 0o600)
  try {
    await file.writeFile(aside)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(half, noteOf(path))
  await finishChange(path)
}

/** Goes on where a change of places was interrupted; does nothing where there was none. Rejects where the disk refuses it. */
export async function finishChange(path: string): Promise<void> {
  const aside = await readFile(noteOf(path), 'utf8').catch(() => '')
  if (aside === '') return
  const fresh = freshOf(path)
  // both there: a person has put a file in place meanwhile, which stays
  const isMended = !(await isThere(fresh)) || ((await isThere(aside)) && (await isThere(path)))
  if (!isMended) {
    // the log first: once the fresh file is in place, the log beside it is its own
    await renameWhereThere(logOf(path), logOf(aside))
    await renameWhereThere(path, aside)
    await renameWhereThere(fresh, path)
  }
  await rm(noteOf(path), { force: true })
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

async function renameWhereThere(from: string, to: string): Promise<void> {
  if (await isThere(from)) await rename(from, to)
}
