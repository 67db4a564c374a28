import {
  chownSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'

/** The text of a configuration; undefined where the file doesn't exist. */
export const textIfThere = (file: string): string | undefined =>
  existsSync(file) ? readFileSync(file, 'utf8') : undefined

/**
 * Replaces a file in one step, so that an agent which starts meanwhile never reads half of it. Mode and owner stay.
 * @throws PerwattError
 */
export function replaceFile(file: string, text: string): void {
  try {
    const path = existsSync(file) ? realpathSync(file) : file
    const before = existsSync(path) ? statSync(path) : undefined
    const draft = `${path}.new`
    writeFileSync(draft, text, before ? { mode: before.mode } : {})
    if (before) chownSync(draft, before.uid, before.gid)
    renameSync(draft, path)
  } catch (error) {
    throw new PerwattError(
      'scan',
      `cannot write ${file}: ${reasonOf(error)}; name a file that can be written`,
      {
        cause: error,
      },
    )
  }
}
