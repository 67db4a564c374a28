import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/**
 * A program of the system's that the test writes: an executable script in a folder of its own, removed after the test.
 * @param script what it does, in sh; `$*` are its arguments
 * @returns its path
 */
export function fakeProgram(name: string, script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-program-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return path
}

/** A script that prints an answer to each of the arguments that it knows; those that end with `*` are a beginning. */
export const answers = (byArguments: Readonly<Record<string, string>>): string =>
  [
    'case "$*" in',
    ...Object.entries(byArguments).map(
      ([words, text]) =>
        `"${words.replace(/\*$/, '')}"${words.endsWith('*') ? '*' : ''}) cat <<'END_OF_ANSWER'\n${text}\nEND_OF_ANSWER\n;;`,
    ),
    '*) echo "unrecognized arguments: $*" >&2; exit 2 ;;',
    'esac',
  ].join('\n')
